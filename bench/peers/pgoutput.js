'use strict';
/* Unlinks the keys of the rows that logical decoding streams: pg-logical-replication and ioredis. */
const { LogicalReplicationService, PgoutputPlugin } = require('pg-logical-replication');
const { connect, ready, fail } = require('./unlink');

async function main([host, redisPath, publication, slot]) {
	const redis = connect(redisPath);
	const service = new LogicalReplicationService({ host, user: 'postgres', database: 'bench' });
	const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] });

	service.on('error', fail);
	service.on('start', ready);
	service.on('data', (lsn, message) => {
		const row = message.new || message.old || message.key;
		if (row)
			redis.unlink(`${message.relation.schema}:${row.id}`).catch(fail);
	});
	await service.subscribe(plugin, slot);
}

main(process.argv.slice(2)).catch(fail);
