'use strict';
/* Unlinks the keys that a trigger sends with pg_notify: pg and ioredis. */
const { Client } = require('pg');
const { connect, ready, fail } = require('./unlink');

async function main([host, redisPath, channel]) {
	const redis = connect(redisPath);
	const client = new Client({ host, user: 'postgres', database: 'bench' });
	client.on('error', fail);
	client.on('notification', message => redis.unlink(message.payload).catch(fail));
	await client.connect();
	await client.query(`LISTEN ${channel}`);
	ready();
}

main(process.argv.slice(2)).catch(fail);
