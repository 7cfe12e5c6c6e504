/*-------------------------------------------------------------------------
 *
 * redis_error.c
 *	  What kinds of error Redis answers, and what to do about them.
 *
 * Whatever the kind, the batch is tried again: an invalidation is never
 * given up.  The kinds differ in how loudly that is said.
 *
 *-------------------------------------------------------------------------
 */
#include "redis_error.h"

#include <string.h>

#define NEEDED_PERMISSIONS \
	"the Redis user needs: +unlink +scan +select +ping +client|setname ~*, and" \
	" for tags and versions: +eval +srandmember +srem +incrby +set +time"

static const RedisErrorKind kinds[] = {
	{"OOM ", false, "Redis is over maxmemory and refuses to write: raise it, or let Redis evict"},
	{"MISCONF ", false, "Redis cannot write its dump and refuses writes"},
	{"READONLY ", false, "this is a replica: the URL must name the primary"},
	{"LOADING ", false, "Redis is loading its dump"},
	{"MASTERDOWN ", false, "this is a replica that lost its primary"},
	{"NOREPLICAS ", false, "Redis has too few replicas to accept writes"},
	{"CLUSTERDOWN ", false, "the Redis Cluster is not complete"},
	{"MOVED ", false, "this is a Redis Cluster, which is not supported"},
	{"ASK ", false, "this is a Redis Cluster, which is not supported"},
	{"CROSSSLOT ", true, "this is a Redis Cluster, which is not supported"},
	{"TRYAGAIN ", false, "a Redis Cluster slot is being moved"},
	{"BUSY ", false, "a script blocks Redis"},
	{"NOSCRIPT ", false, ""},
	{"EXECABORT ", false, ""},
	{"ERR max number of clients", false, "Redis' maxclients is reached"},

	{"NOAUTH ", true, "the URL needs a password"},
	{"WRONGPASS ", true, "user or password in the URL is wrong"},
	{"NOPERM ", true, NEEDED_PERMISSIONS},
	{"ERR The user executing the script", true, NEEDED_PERMISSIONS},
	{"ERR ACL failure in script", true, NEEDED_PERMISSIONS},
	{"ERR Write commands not allowed after non deterministic", true,
	"tags and versions need Redis 5 or later"},
	{"DENIED ", true, "Redis runs in protected mode: set a password or bind it to loopback"},
	{"ERR invalid password", true, "the password in the URL is wrong"},
	{"ERR Client sent AUTH", true, "the URL has a password, but Redis has none"},
	{"ERR AUTH ", true, "the URL has a password, but Redis has none"},
	{"ERR DB index is out of range", true, "the URL names a database that Redis does not have"},
	{"ERR unknown command", true, "this server does not know a command that uncached needs"},
	{"", true, ""},
};

const RedisErrorKind *
redis_error_kind(const char *text)
{
	const RedisErrorKind *kind = kinds;

	/* what a script returns comes with a second "-" from Redis 6 and older */
	if (*text == '-')
		text++;
	/* the last prefix is empty, so that the walk ends */
	while (strncmp(text, kind->prefix, strlen(kind->prefix)) != 0)
		kind++;
	return kind;
}
