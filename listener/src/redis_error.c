/*-------------------------------------------------------------------------
 *
 * redis_error.c
 *	  What kinds of error Redis answers, and what to do about them.
 *
 * The tables are all that the daemon knows of this.
 *
 *-------------------------------------------------------------------------
 */
#include "redis_error.h"

#include <string.h>

#define RETRY REDIS_REACTION_RETRY
#define ALARM REDIS_REACTION_ALARM
#define FATAL REDIS_REACTION_FATAL

#define NEEDED_PERMISSIONS \
	"the Redis user needs: +unlink +scan +select +ping +client|setname ~*, and" \
	" for tags and versions: +eval +srandmember +srem +incrby +set +time"

#define NO_CLUSTER "this is a Redis Cluster, which is not supported"

static const RedisErrorKind replies[] = {
	{"OOM ", RETRY, "Redis is over maxmemory and refuses to write: raise it, or let Redis evict"},
	{"MISCONF ", RETRY, "Redis cannot write its dump and refuses writes"},
	{"READONLY ", RETRY, "this is a replica: the URL must name the primary"},
	{"LOADING ", RETRY, "Redis is loading its dump"},
	{"MASTERDOWN ", RETRY, "this is a replica that lost its primary"},
	{"NOREPLICAS ", RETRY, "Redis has too few replicas to accept writes"},
	{"CLUSTERDOWN ", RETRY, "the Redis Cluster is not complete"},
	{"BUSY ", RETRY, "a script blocks Redis"},
	{"NOSCRIPT ", RETRY, ""},
	{"EXECABORT ", RETRY, ""},
	{"ERR max number of clients", RETRY, "Redis' maxclients is reached"},

	{"NOAUTH ", ALARM, "the URL needs a password"},
	{"WRONGPASS ", ALARM, "user or password in the URL is wrong"},
	{"NOPERM ", ALARM, NEEDED_PERMISSIONS},
	{"ERR The user executing the script", ALARM, NEEDED_PERMISSIONS},
	{"ERR ACL failure in script", ALARM, NEEDED_PERMISSIONS},
	{"DENIED ", ALARM, "Redis runs in protected mode: set a password or bind it to loopback"},
	{"ERR invalid password", ALARM, "the password in the URL is wrong"},
	{"ERR Client sent AUTH", ALARM, "the URL has a password, but Redis has none"},
	{"ERR AUTH ", ALARM, "the URL has a password, but Redis has none"},

	{"MOVED ", FATAL, NO_CLUSTER},
	{"ASK ", FATAL, NO_CLUSTER},
	{"TRYAGAIN ", FATAL, NO_CLUSTER},
	{"CROSSSLOT ", FATAL, NO_CLUSTER},
	{"ERR Write commands not allowed after non deterministic", FATAL,
	"tags and versions need Redis 5 or later"},
	{"ERR DB index is out of range", FATAL, "the URL names a database that Redis does not have"},
	{"ERR unknown command", FATAL, "this server does not know a command that uncached needs"},

	{"", ALARM, ""},
};

static const RedisErrorKind connection = {"", RETRY, ""};
static const RedisErrorKind protocol = {"", ALARM, ""};

static const RedisErrorKind *
find_reply(const char *text)
{
	const RedisErrorKind *kind = replies;

	/* what a script returns comes with a second "-" from Redis 6 and older */
	if (*text == '-')
		text++;
	/* the last prefix is empty, so that the walk ends */
	while (strncmp(text, kind->prefix, strlen(kind->prefix)) != 0)
		kind++;
	return kind;
}

const RedisErrorKind *
redis_error_kind(RedisFailure failure, const char *text)
{
	switch (failure)
	{
		case REDIS_FAILURE_REPLY:
			return find_reply(text);
		case REDIS_FAILURE_PROTOCOL:
			return &protocol;
		case REDIS_FAILURE_CONNECTION:
			break;
	}
	return &connection;
}
