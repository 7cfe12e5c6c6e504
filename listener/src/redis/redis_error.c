/*-------------------------------------------------------------------------
 *
 * redis_error.c
 *	  What kinds of error Redis answers, and what to do about them.
 *
 * The tables are all that the daemon knows of this.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_error.h"

#include <stdio.h>
#include <string.h>

#define RETRY REDIS_REACTION_RETRY
#define ALARM REDIS_REACTION_ALARM
#define FATAL REDIS_REACTION_FATAL

static const char needed_permissions[] =
"the Redis user needs: +unlink +scan +select +ping +info +client|setname ~*, and"
" for tags: +eval +srandmember +srem; for versions: +eval +time +incrby +set;"
" for cacheops: +eval +srandmember +srem +smembers +exists;"
" for sweep: +eval +sscan +exists +srem;"
" for a Redis Cluster: +cluster|slots +cluster|nodes +cluster|countkeysinslot +cluster|getkeysinslot"
" +asking +rename +exists;"
" uncached --print-acl prints what the rules need";

static const char lacks_command[] =
"this server lacks a command that uncached needs (UNLINK, SCAN; EVAL for tags and versions):"
" do not rename them with rename-command";

static const char tls_files[] = "correct the file; it is read again at each try";

#define NO_CLUSTER \
	"this is a Redis Cluster: begin the URL with redis+cluster:// or rediss+cluster://"
#define NO_SENTINEL \
	"this is a Redis Sentinel, which holds no keys: put the primary's address into the URL"
#define NO_SELECT \
	"this server has no numbered databases: if it is a Redis Sentinel, put the primary's address into the URL"
#define SENDS_AGAIN "everything is sent again"

static const RedisErrorKind replies[] = {
	{"OOM ", RETRY, "Redis is over maxmemory and refuses to write: raise it, or let Redis evict"},
	{"MISCONF ", RETRY, "Redis cannot write its dump and refuses writes"},
	{"READONLY ", RETRY, "this is a replica: the URL must name the primary"},
	{"LOADING ", RETRY, "Redis is loading its dump"},
	{"MASTERDOWN ", RETRY, "this is a replica that lost its primary"},
	{"NOREPLICAS ", RETRY, "Redis has too few replicas to accept writes"},
	{"CLUSTERDOWN ", RETRY, "the Redis Cluster is not complete"},
	{"BUSY ", RETRY, "a script blocks Redis"},
	{"NOSCRIPT ", RETRY, SENDS_AGAIN},
	{"EXECABORT ", RETRY, SENDS_AGAIN},
	{"ERR max number of clients", ALARM, "Redis' maxclients is reached: raise it, or close other clients' connections"},

	{"NOAUTH ", ALARM, "the URL needs a password"},
	{"WRONGPASS ", ALARM, "user or password in the URL is wrong"},
	{"NOPERM ", ALARM, needed_permissions},
	{"ERR The user executing the script", ALARM, needed_permissions},
	{"The user executing the script", ALARM, needed_permissions},
	{"ERR ACL failure in script", ALARM, needed_permissions},
	{"DENIED ", ALARM, "Redis runs in protected mode: set a password or bind it to loopback"},
	{"ERR invalid password", ALARM, "the password in the URL is wrong"},
	{"ERR Client sent AUTH", ALARM, "the URL has a password, but Redis has none"},
	{"ERR AUTH ", ALARM, "the URL has a password, but Redis has none"},

	{REDIS_ERROR_CLUSTER, FATAL, NO_CLUSTER},
	{REDIS_ERROR_NO_CLUSTER, FATAL, "this is a single Redis: its URL begins with redis:// or rediss://"},
	{REDIS_ERROR_SENTINEL, FATAL, NO_SENTINEL},
	{"ERR SELECT is not allowed in cluster mode", FATAL, NO_CLUSTER},
	{"MOVED ", FATAL, NO_CLUSTER},
	{"ASK ", FATAL, NO_CLUSTER},
	{"TRYAGAIN ", FATAL, NO_CLUSTER},
	{"CROSSSLOT ", FATAL, NO_CLUSTER},
	{"ERR Write commands not allowed after non deterministic", FATAL,
	"tags and versions need Redis 5 or later"},
	{"ERR DB index is out of range", FATAL, "the URL names a database that Redis does not have"},
	{"ERR unknown command 'SELECT'", FATAL, NO_SELECT},
	{"ERR unknown command `SELECT`", FATAL, NO_SELECT},
	{"ERR unknown command", FATAL, lacks_command},
	{"ERR Unknown Redis command called from", FATAL, lacks_command},
	{"ERR Unknown command called from", FATAL, lacks_command},
	{"Unknown Redis command called from", FATAL, lacks_command},

	{"", ALARM, "see the error and Redis' log; if uncache is to blame, report it as a bug"},
};

/* What of this is said otherwise where the password comes from a file. */
static const struct
{
	const char *prefix;
	const char *advice;
}			file_advices[] = {
	{"NOAUTH ", "Redis asks for another password than that in the file "},
	{"WRONGPASS ", "the user is wrong, or the password in the file "},
	{"ERR invalid password", "the password is wrong in the file "},
	{"ERR Client sent AUTH", "Redis has no password, but there is one in the file "},
	{"ERR AUTH ", "Redis has no password, but there is one in the file "},
};

/* A demoted server's error, and how what is wrong with sentinels begins. */
static const RedisErrorKind sentinels[] = {
	{"READONLY ", RETRY, "a failover has made this server a replica: the sentinels are asked for the new master"},
	{REDIS_ERROR_SENTINEL_MOVED, RETRY, "a failover: the daemon goes on at the new master"},
	{REDIS_ERROR_SENTINEL_NAME, ALARM, "put the name into the URL that sentinel monitor has in the sentinels' configuration"},
	{REDIS_ERROR_SENTINEL_REPLICA, RETRY, "it passes with the failover; otherwise compare what SENTINEL MASTERS says on each sentinel"},
	{REDIS_ERROR_SENTINEL_PASSWORD, ALARM, "correct the file; it is read again each time a sentinel is asked"},
	{REDIS_ERROR_SENTINEL_NONSENSE, ALARM, "put hosts and ports of sentinels into the URL, usually port 26379"},
	{REDIS_ERROR_SENTINEL_REPLY "NOAUTH ", ALARM, "the sentinels want a password: set sentinel_password_file"},
	{REDIS_ERROR_SENTINEL_REPLY "WRONGPASS ", ALARM, "correct sentinel_username, or the password in sentinel_password_file"},
	{REDIS_ERROR_SENTINEL_REPLY "ERR AUTH ", ALARM, "the sentinel has no password: leave sentinel_password_file out"},
	{REDIS_ERROR_SENTINEL_REPLY "NOPERM ", ALARM, "the sentinels' user needs: +ping +sentinel|get-master-addr-by-name"},
	{REDIS_ERROR_SENTINEL_REPLY "ERR unknown command", ALARM, "this is a Redis, not a sentinel: put hosts and ports of sentinels into the URL, usually port 26379"},
	{REDIS_ERROR_SENTINEL_REPLY, ALARM, "see the error and the sentinel's log"},
};

/* Of one that cannot be reached, or whose server cannot, if the reason does not say more. */
static const RedisErrorKind no_server = {
	REDIS_ERROR_SENTINEL_SERVER, RETRY, "check that Redis is running there; sentinels fail over after"
	" down-after-milliseconds, if most of them agree: see their logs"
};
static const RedisErrorKind no_sentinel = {
	"", RETRY, "check that the sentinels are running, and their hosts and ports in the URL"
};

/* By a part of the text, which is our own; with several addresses it speaks of each. */
static const struct
{
	const char *part;
	RedisErrorKind kind;
}			connections[] = {

	{REDIS_ERROR_TLS_HOST, {"", ALARM, "put the name in the certificate into the URL, or into tls_server_name;"
	" or give Redis a certificate for this host"}},
	{REDIS_ERROR_TLS_TIME, {"", ALARM, "renew the certificate of Redis or of its CA, and have Redis load it; compare the"
	" clocks of the two machines"}},
	{REDIS_ERROR_TLS_CA, {"", ALARM, "put the certificate of the CA that signed it into tls_ca_file; a self-signed"
	" certificate is its own CA"}},
	{REDIS_ERROR_TLS_CERTIFICATE, {"", ALARM, "give Redis a certificate for a server (serverAuth) from a CA of tls_ca_file"}},
	{REDIS_ERROR_TLS_CLIENT, {"", ALARM, "set tls_cert_file and tls_key_file to a certificate from a CA of Redis'"
	" tls-ca-cert-file; Redis' log says more"}},
	{REDIS_ERROR_TLS_NONE, {"", ALARM, "put Redis' tls-port into the URL, or begin it with redis://"}},
	{REDIS_ERROR_TLS_HANDSHAKE, {"", ALARM, "see Redis' log; if Redis asks for a client certificate (tls-auth-clients), set"
	" tls_cert_file and tls_key_file; uncached speaks TLS 1.2 and 1.3"}},
	{REDIS_ERROR_TLS_UNANSWERED, {"", RETRY, "see Redis' log; if Redis asks for a client certificate (tls-auth-clients), set"
	" tls_cert_file and tls_key_file"}},
	{REDIS_ERROR_TLS_CUT, {"", RETRY, "see Redis' log; without a word Redis drops TLS connections beyond its maxclients, and"
	" from elsewhere in protected mode"}},
	{"no reply to the TLS handshake", {"", RETRY, "check that the port in the URL is Redis' tls-port: a plain one gives no"
	" reply to TLS; or find out what blocks Redis or the network"}},
	{REDIS_ERROR_TLS_BROKEN, {"", RETRY, "if it happens again, see Redis' log, and what is between the two machines"}},
	{"tls_ca_file: ", {"", ALARM, tls_files}},
	{"tls_cert_file: ", {"", ALARM, tls_files}},
	{"tls_key_file: ", {"", ALARM, tls_files}},
	{"before it sent anything", {"", RETRY, "see Redis' log; if this is Redis' tls-port, the URL must begin with rediss://"}},
	{"the host name: ", {"", RETRY, "check the host in the URL, and DNS"}},
	{"no reply", {"", RETRY, "find out what blocks Redis or the network: a slow command, swapping, a stopped process"}},

	{"", {"", RETRY, "check that Redis is running, and the host and port, or the socket, in the URL"}},
};
static const RedisErrorKind password = {"", ALARM, "correct the password file"};
static const RedisErrorKind protocol = {
	"", ALARM, "the server does not speak the Redis protocol: check the URL; if it is a Redis, report this as a bug"
};

/*
 * What Redis 6 and older put before an error that a script returns, as in
 * "@user_script: 11: -READONLY ...": where in the script, and a second "-".
 */
static const char *
skip_place_in_script(const char *text)
{
	static const char place[] = "@user_script: ";
	const char *end = text;

	if (strncmp(text, place, strlen(place)) == 0)
	{
		end += strlen(place);
		end += strspn(end, "0123456789");
		text = strncmp(end, ": ", 2) == 0 ? end + 2 : text;
	}
	return *text == '-' ? text + 1 : text;
}

static const RedisErrorKind *
find_reply(const char *text)
{
	const RedisErrorKind *kind = replies;

	text = skip_place_in_script(text);
	/* the last prefix is empty, so that the walk ends */
	while (strncmp(text, kind->prefix, strlen(kind->prefix)) != 0)
		kind++;
	return kind;
}

static const RedisErrorKind *
find_connection(const char *text)
{
	size_t		index = 0;

	/* the last part is empty, so that the walk ends */
	while (strstr(text, connections[index].part) == NULL)
		index++;
	return &connections[index].kind;
}

/* Why a connection cannot be made, TLS for instance, is the same with whomever. */
static const RedisErrorKind *
find_sentinel(const char *text)
{
	const RedisErrorKind *connection = find_connection(text);

	for (size_t i = 0; i < sizeof(sentinels) / sizeof(sentinels[0]); i++)
		if (strncmp(text, sentinels[i].prefix, strlen(sentinels[i].prefix)) == 0)
			return &sentinels[i];
	if (connection != &connections[sizeof(connections) / sizeof(connections[0]) - 1].kind)
		return connection;
	return strncmp(text, no_server.prefix, strlen(no_server.prefix)) == 0 ? &no_server : &no_sentinel;
}

const RedisErrorKind *
redis_error_kind_at(size_t index)
{
	return index < sizeof(replies) / sizeof(replies[0]) ? &replies[index] : NULL;
}

const RedisErrorKind *
redis_error_kind(RedisFailure failure, const char *text)
{
	switch (failure)
	{
		case REDIS_FAILURE_REPLY:
			return find_reply(text);
		case REDIS_FAILURE_PASSWORD:
			return &password;
		case REDIS_FAILURE_PROTOCOL:
			return &protocol;
		case REDIS_FAILURE_SENTINEL:
			return find_sentinel(text);
		case REDIS_FAILURE_CONNECTION:
			break;
	}
	return find_connection(text);
}

const char *
redis_error_file_advice(RedisFailure failure, const char *text)
{
	if (failure == REDIS_FAILURE_PASSWORD)
		return "the file is read again at each try; correct  ";
	if (failure != REDIS_FAILURE_REPLY)
		return NULL;
	for (size_t i = 0; i < sizeof(file_advices) / sizeof(file_advices[0]); i++)
	{
		if (strncmp(text, file_advices[i].prefix, strlen(file_advices[i].prefix)) == 0)
			return file_advices[i].advice;
	}
	return NULL;
}

void
redis_error_advise(RedisFailure failure, const char *text, const char *password_file,
				   char *advice, size_t advice_bytes)
{
	const char *file_advice = password_file == NULL ? NULL : redis_error_file_advice(failure, text);

	if (file_advice != NULL)
		(void) snprintf(advice, advice_bytes, "%s%s", file_advice, password_file);
	else
		(void) snprintf(advice, advice_bytes, "%s", redis_error_kind(failure, text)->advice);
}

bool
redis_error_is_denial(const char *text)
{
	return find_reply(text)->advice == needed_permissions;
}

static bool
begins_with(const char *text, const char *prefix)
{
	/* as with all errors of scripts in Redis 6 */
	if (*text == '-')
		text++;
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
redis_error_is_ask(const char *text)
{
	return begins_with(text, "ASK ");
}

bool
redis_error_is_moved(const char *text)
{
	return begins_with(text, "MOVED ");
}

bool
redis_error_is_redirect(const char *text)
{
	return redis_error_is_moved(text) || redis_error_is_ask(text) || begins_with(text, "TRYAGAIN ");
}
