/*-------------------------------------------------------------------------
 *
 * check_redis.c
 *	  Is a target's Redis what the daemon needs?
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_redis.h"

#include <stdlib.h>
#include <string.h>

#include "base/password_file.h"
#include "check/check_acl.h"
#include "check/check_cluster.h"
#include "check/check_redis_ask.h"
#include "check/check_redis_permissions.h"
#include "check/check_sentinel.h"
#include "redis/redis_error.h"
#include "redis/redis_greeting.h"

#define ADDRESS_BYTES 512
#define VERSION_BYTES 32
#define PROBLEM_BYTES 256

#define LOGGING_IN "cannot log in"
#define OLDEST_MAJOR 4
#define OLDEST_MAJOR_OF_SCRIPTS 5

/* Behind the prefix; no rule is expected to make such a key. */
#define EXAMPLE_KEY "uncached-check"

/* --- asking --- */

static bool
is_denied(const redisReply *reply)
{
	return reply != NULL && redis_greeting_is_denial(reply);
}

/* Reports an error; was there none? */
static bool
succeeds(const RedisCheck *check, const char *doing, const char *const words[])
{
	redisReply *reply = check_redis_ask(check, words);
	bool		is_fine = !check_redis_is_error(reply);

	if (!is_fine)
		check_redis_report_error(check, reply, doing);
	freeReplyObject(reply);
	return is_fine;
}

/* --- connecting --- */

static void
report_certificate(const RedisCheck *check)
{
	switch (check->target->url.tls.verify)
	{
		case URL_VERIFY_FULL:
			check_report_say(check->report, CHECK_OK, "", "its certificate is from a trusted CA and for this host");
			break;
		case URL_VERIFY_CA:
			check_report_say(check->report, CHECK_OK, "", "its certificate is from a trusted CA, for whichever host");
			break;
		case URL_VERIFY_NONE:
			check_report_say(check->report, CHECK_UNKNOWN, "leave out tls_verify, and set tls_ca_file if needed",
							 "whose certificate it has: tls_verify is none");
			break;
	}
}

static bool
connect_to(const RedisCheck *check, const RedisUrl *url)
{
	char		address[ADDRESS_BYTES];
	char		doing[ADDRESS_BYTES + 32];

	url_describe(url, address, sizeof(address));
	(void) snprintf(doing, sizeof(doing), "%s cannot be reached", address);
	if (check_redis_client_connect(check->redis, url))
	{
		check_report_say(check->report, CHECK_OK, "", "%s can be reached", address);
		if (url->tls.is_used)
			report_certificate(check);
		return true;
	}
	check_redis_report_failure(check, REDIS_FAILURE_CONNECTION, check->redis->problem, doing);
	return false;
}

/* Where sentinels name it, the URL is good until the connection is closed. */
static bool
connect_redis(const RedisCheck *check, RedisUrl *server)
{
	if (check->target->url.node_count > 0)
		return check_cluster(check->target, check->report, server) && connect_to(check, server);
	if (check->target->url.sentinels.count == 0)
		return connect_to(check, &check->target->url);
	return check_sentinel(check->target, check->report, server) && connect_to(check, server);
}

static bool
has_username(const RedisUrl *url)
{
	return url->username != NULL && url->username[0] != '\0';
}

static bool
log_in_with(const RedisCheck *check, const char *password)
{
	const RedisUrl *url = &check->target->url;
	bool		has_user = has_username(url);
	const char *const with_user[] = {"AUTH", url->username, password, NULL};
	const char *const without_user[] = {"AUTH", password, NULL};

	if (!succeeds(check, LOGGING_IN, has_user ? with_user : without_user))
		return false;
	check_report_say(check->report, CHECK_OK, "", "%s%s is accepted with its password",
					 has_user ? "the user " : "the default user", has_user ? url->username : "");
	return true;
}

static bool
log_in(const RedisCheck *check)
{
	const RedisUrl *url = &check->target->url;
	char		from_file[PASSWORD_FILE_BYTES];
	char		problem[PROBLEM_BYTES];
	bool		is_public;
	bool		is_in = false;

	if (url->password_file == NULL)
		return url->password == NULL || log_in_with(check, url->password);
	if (password_file_read(url->password_file, from_file, &is_public, problem, sizeof(problem)))
		is_in = log_in_with(check, from_file);
	else
		check_redis_report_failure(check, REDIS_FAILURE_PASSWORD, problem, LOGGING_IN);
	explicit_bzero(from_file, sizeof(from_file));
	return is_in;
}

/* PING tells whether Redis answers at all; a user may be denied it. */
static bool
ping(const RedisCheck *check)
{
	static const char *const words[] = {"PING", NULL};
	redisReply *reply = check_redis_ask(check, words);
	bool		answers = !check_redis_is_error(reply) || is_denied(reply);

	if (!answers)
		check_redis_report_error(check, reply, reply != NULL ? "it refuses to work" : "cannot ask for PING");
	freeReplyObject(reply);
	return answers;
}

static bool
select_database(const RedisCheck *check)
{
	char		number[16];
	const char *const words[] = {"SELECT", number, NULL};

	(void) snprintf(number, sizeof(number), "%d", check->target->url.database);
	if (check->target->url.database == 0)
		return true;
	if (!succeeds(check, "cannot use its database", words))
		return false;
	check_report_say(check->report, CHECK_OK, "", "it has a database %s", number);
	return true;
}

/* --- INFO --- */

/* The value of a field in INFO's text; "" if there is none, or it is too long. */
static void
read_field(const char *info, const char *name, char *value, size_t value_bytes)
{
	size_t		name_bytes = strlen(name);

	value[0] = '\0';
	for (; info != NULL && *info != '\0'; info = strchr(info, '\n'))
	{
		size_t		length;

		info += *info == '\n';
		if (strncmp(info, name, name_bytes) != 0 || info[name_bytes] != ':')
			continue;
		info += name_bytes + 1;
		length = strcspn(info, "\r\n");
		if (length < value_bytes)
			(void) snprintf(value, value_bytes, "%.*s", (int) length, info);
		return;
	}
}

/* Valkey says which version of Redis it is like, and its own. */
static void
check_version(RedisCheck *check, const char *version, const char *valkey_version)
{
	long		major = strtol(version, NULL, 10);

	check->major_version = major;
	if (major < OLDEST_MAJOR)
		check_report_say(check->report, CHECK_MISSING, "upgrade Redis",
						 "version %s: uncache needs Redis 4 or later", version);
	else if (major < OLDEST_MAJOR_OF_SCRIPTS && check_acl_needs_scripts(check->needs))
		check_report_say(check->report, CHECK_MISSING, "upgrade Redis",
						 "version %s: tags, versions, cacheops and sweep need Redis 5 or later",
						 version);
	else
		check_report_say(check->report, CHECK_OK, "", "version %s%s%s", version,
						 valkey_version[0] != '\0' ? ", by Valkey " : "", valkey_version);
}

static void
check_mode(const RedisCheck *check, const char *mode)
{
	bool		is_node = strcmp(mode, "cluster") == 0;
	bool		is_single = strcmp(mode, "standalone") == 0;

	if (check->target->url.node_count > 0 && is_node)
		check_report_say(check->report, CHECK_OK, "", "it is a node of a cluster");
	else if (check->target->url.node_count > 0)
		check_report_say(check->report, CHECK_MISSING, "begin the URL of a single server with redis:// or rediss://",
						 "its mode is %s: it is not a node of a cluster", mode);
	else if (is_single)
		check_report_say(check->report, CHECK_OK, "", "it is a single server");
	else if (is_node)
		check_report_say(check->report, CHECK_MISSING, "begin the URL with redis+cluster:// or rediss+cluster://",
						 "its mode is %s: the URL is one of a single server", mode);
	else
		check_report_say(check->report, CHECK_MISSING, "put the address of a single server into the URL",
						 "its mode is %s, which is not supported", mode);
}

static void
take_server_info(RedisCheck *check, const char *info)
{
	char		version[VERSION_BYTES];
	char		valkey_version[VERSION_BYTES];
	char		mode[VERSION_BYTES];

	read_field(info, "redis_version", version, sizeof(version));
	read_field(info, "valkey_version", valkey_version, sizeof(valkey_version));
	read_field(info, "redis_mode", mode, sizeof(mode));
	if (mode[0] == '\0')
		read_field(info, "server_mode", mode, sizeof(mode));
	if (version[0] != '\0')
		check_version(check, version, valkey_version);
	else
		check_report_say(check->report, CHECK_UNKNOWN, "", "its version: INFO does not tell it");
	check_mode(check, mode[0] != '\0' ? mode : "standalone");
}

static void
take_replication_info(const RedisCheck *check, const char *info)
{
	char		role[VERSION_BYTES];

	read_field(info, "role", role, sizeof(role));
	if (check->target->url.node_count > 0)
		return;
	if (strcmp(role, "slave") == 0 || strcmp(role, "replica") == 0)
		check_report_say(check->report, CHECK_MISSING, "put the primary's address into the URL",
						 "it is a replica");
	else if (strcmp(role, "master") == 0)
		check_report_say(check->report, CHECK_OK, "", "it is a primary");
	else
		check_report_say(check->report, CHECK_UNKNOWN, "", "whether it is a primary");
}

/* False if it cannot even be asked. */
static bool
check_info(RedisCheck *check)
{
	static const char *const server[] = {"INFO", "server", NULL};
	static const char *const replication[] = {"INFO", "replication", NULL};
	redisReply *reply = check_redis_ask(check, server);
	redisReply *second = check_redis_is_error(reply) ? NULL : check_redis_ask(check, replication);
	bool		is_there = !check_redis_is_error(reply) && !check_redis_is_error(second);

	if (is_there)
	{
		take_server_info(check, check_redis_text(reply));
		take_replication_info(check, check_redis_text(second));
	}
	else if (is_denied(reply) || is_denied(second))
		check_report_say(check->report, CHECK_UNKNOWN, "", "version, mode and role: INFO is not allowed");
	else
		check_redis_report_error(check, check_redis_is_error(reply) ? reply : second, "cannot ask for INFO");
	is_there = is_there || is_denied(reply) || is_denied(second);
	freeReplyObject(reply);
	freeReplyObject(second);
	return is_there;
}

/* --- what a cluster cannot do --- */

static void
check_cluster_limits(const RedisCheck *check)
{
	if (check->target->url.node_count == 0)
		return;
	if ((check->certain_needs & CHECK_NEED_KIND(NAME_CACHEOPS)) != 0)
		check_report_say(check->report, CHECK_MISSING,
						 "drop them with uncache.unwatch, or give them a target on the Redis that cacheops uses",
						 "cacheops rules name it, and they do not work with a Redis Cluster: their rows would wait");
	if (check->target->sweep_ms > 0)
		check_report_say(check->report, CHECK_UNKNOWN, "leave out sweep, and give the sets of tags EXPIRE",
						 "whether sweep is needed: tags are not swept in a Redis Cluster");
}

/* --- the interface --- */

void
check_redis(const TargetConfig *target, unsigned int needs, unsigned int certain_needs,
			CheckReport *report)
{
	unsigned int needs_of_settings = check_acl_needs_of_settings(&target->url, target->sweep_ms);
	CheckRedisClient client = {0};
	RedisUrl	server = {0};
	RedisCheck	check = {
		.target = target,
		.redis = &client,
		.needs = needs | needs_of_settings,
		.certain_needs = certain_needs | needs_of_settings,
		.report = report
	};

	if (asprintf(&check.key, "%s%s", target->prefix, EXAMPLE_KEY) < 0)
		check_report_say(report, CHECK_MISSING, "", "out of memory");
	else
	{
		check_cluster_limits(&check);
		if (connect_redis(&check, &server) && log_in(&check) && ping(&check) && check_info(&check) &&
			select_database(&check))
			check_redis_permissions(&check);
		free(check.key);
	}
	check_redis_client_close(&client);
	free(server.host);
}
