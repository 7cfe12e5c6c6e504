'use strict';
/* Unlinks the keys that a trigger sends with pg_notify: postgres.js and ioredis. */
const postgres = require('postgres');
const { connect, ready, fail } = require('./unlink');

async function main([host, redisPath, channel]) {
	const redis = connect(redisPath);
	const sql = postgres({ host, path: `${host}/.s.PGSQL.5432`, user: 'postgres', database: 'bench' });
	await sql.listen(channel, key => redis.unlink(key).catch(fail));
	ready();
}

main(process.argv.slice(2)).catch(fail);
