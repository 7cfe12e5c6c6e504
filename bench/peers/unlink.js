'use strict';
/*
 * What the listeners share: they unlink a key in the same turn in which they
 * hear of it, and say so once they are ready.
 */
const Redis = require('ioredis');

exports.connect = path => new Redis({ path, enableAutoPipelining: true });

exports.ready = () => console.log('ready');

exports.fail = error => {
	console.error(error);
	process.exit(1);
};
