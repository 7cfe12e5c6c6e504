/*-------------------------------------------------------------------------
 *
 * check_redis.c
 *	  Is a target's Redis what the daemon needs?
 *
 * What a user may do is asked by ACL DRYRUN (since Redis 7), else read from ACL
 * GETUSER (6); before that there are no users.
 *
 *-------------------------------------------------------------------------
 */
#include "check_redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "check_acl.h"
#include "check_names.h"
#include "password_file.h"
#include "redis_error.h"
#include "redis_greeting.h"
#include "resolver.h"

#define TIMEOUT_S 5
#define NO_ANSWER "no answer within 5 s"
#define ADDRESS_BYTES 512
#define VERSION_BYTES 32
#define NAME_BYTES 128
#define PROBLEM_BYTES 256

#define LOGGING_IN "cannot log in"
#define ARGUMENTS_MAX (CHECK_ACL_WORDS_MAX + 3)
#define OLDEST_MAJOR 4
#define OLDEST_MAJOR_OF_SCRIPTS 5
#define FIRST_MAJOR_WITH_USERS 6

/* Behind the prefix; no rule is expected to make such a key. */
#define EXAMPLE_KEY "uncached-check"

typedef struct Check
{
	const TargetConfig *target; /* borrowed */
	unsigned int needs;
	unsigned int certain_needs;
	CheckReport *report;		/* borrowed */
	redisContext *redis;		/* owned; NULL while not connected */
	char	   *key;			/* owned; an example */
	long		major_version;	/* 0 if it is not known */
} Check;

/* --- asking --- */

/* To be freed by the caller; NULL if the connection is lost. */
static redisReply *
ask(const Check *check, const char *const words[])
{
	size_t		lengths[ARGUMENTS_MAX];
	const char *arguments[ARGUMENTS_MAX];
	int			count = 0;

	for (; words[count] != NULL; count++)
	{
		arguments[count] = words[count];
		lengths[count] = strlen(words[count]);
	}
	return redisCommandArgv(check->redis, count, arguments, lengths);
}

static bool
is_error(const redisReply *reply)
{
	return reply == NULL || reply->type == REDIS_REPLY_ERROR;
}

static const char *
text_of(const redisReply *reply)
{
	return reply != NULL && reply->str != NULL ? reply->str : "";
}

static bool
is_denied(const redisReply *reply)
{
	return reply != NULL && redis_greeting_is_denial(reply);
}

static const char *
error_of(const Check *check, const redisReply *reply)
{
	if (reply != NULL)
		return text_of(reply);
	/* hiredis has no word of its own for a deadline that passed */
	if (strcmp(check->redis->errstr, strerror(EAGAIN)) == 0)
		return NO_ANSWER;
	return check->redis->errstr[0] != '\0' ? check->redis->errstr : "no answer";
}

static void
report_failure(const Check *check, RedisFailure failure, const char *error, const char *doing)
{
	char		advice[REDIS_ERROR_ADVICE_BYTES];

	redis_error_advise(failure, error, check->target->url.password_file, advice, sizeof(advice));
	check_report_say(check->report, CHECK_MISSING, advice, "%s: %s", doing, error);
}

static void
report_error(const Check *check, const redisReply *reply, const char *doing)
{
	report_failure(check, reply != NULL ? REDIS_FAILURE_REPLY : REDIS_FAILURE_CONNECTION,
				   error_of(check, reply), doing);
}

/* Reports an error; was there none? */
static bool
succeeds(const Check *check, const char *doing, const char *const words[])
{
	redisReply *reply = ask(check, words);
	bool		is_fine = !is_error(reply);

	if (!is_fine)
		report_error(check, reply, doing);
	freeReplyObject(reply);
	return is_fine;
}

/* --- connecting --- */

static const struct timeval timeout = {.tv_sec = TIMEOUT_S};

static bool
is_connected(const Check *check)
{
	return check->redis != NULL && check->redis->err == 0;
}

/* By addresses: hiredis would look up the name again. */
static void
try_addresses(Check *check, const struct addrinfo *next)
{
	char		host[64];

	for (; next != NULL && !is_connected(check); next = next->ai_next)
	{
		if (check->redis != NULL)
			redisFree(check->redis);
		resolver_describe(next, host, sizeof(host));
		check->redis = redisConnectWithTimeout(host, check->target->url.port, timeout);
	}
}

/* False if the host cannot be resolved, which was reported. */
static bool
try_host(Check *check, const char *address)
{
	const RedisUrl *url = &check->target->url;
	char		problem[CHECK_NAMES_PROBLEM_BYTES];
	char		doing[ADDRESS_BYTES + 32];
	struct addrinfo *addresses = check_names_resolve(url->host, url->port, CHECK_NAMES_TIMEOUT_MS,
													 problem);

	if (addresses == NULL)
	{
		(void) snprintf(doing, sizeof(doing), "%s cannot be reached", address);
		report_failure(check, REDIS_FAILURE_CONNECTION, problem, doing);
		return false;
	}
	try_addresses(check, addresses);
	freeaddrinfo(addresses);
	return true;
}

static bool
connect_redis(Check *check)
{
	const RedisUrl *url = &check->target->url;
	char		address[ADDRESS_BYTES];

	url_describe(url, address, sizeof(address));
	if (url->socket_path != NULL)
		check->redis = redisConnectUnixWithTimeout(url->socket_path, timeout);
	else if (!try_host(check, address))
		return false;
	if (is_connected(check) && redisSetTimeout(check->redis, timeout) == REDIS_OK)
	{
		check_report_say(check->report, CHECK_OK, "", "%s can be reached", address);
		return true;
	}
	check_report_say(check->report, CHECK_MISSING, "correct the URL, or start Redis",
					 "%s cannot be reached: %s", address,
					 check->redis != NULL ? check->redis->errstr : "out of memory");
	return false;
}

static bool
has_username(const RedisUrl *url)
{
	return url->username != NULL && url->username[0] != '\0';
}

static bool
log_in_with(const Check *check, const char *password)
{
	const RedisUrl *url = &check->target->url;
	bool		has_user = has_username(url);
	const char *const with_user[] = {"AUTH", url->username, password, NULL};
	const char *const without_user[] = {"AUTH", password, NULL};

	if (!succeeds(check, LOGGING_IN, has_user ? with_user : without_user))
		return false;
	check_report_say(check->report, CHECK_OK, "", "%s%s is let in with its password",
					 has_user ? "the user " : "the default user", has_user ? url->username : "");
	return true;
}

static bool
log_in(const Check *check)
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
		report_failure(check, REDIS_FAILURE_PASSWORD, problem, LOGGING_IN);
	explicit_bzero(from_file, sizeof(from_file));
	return is_in;
}

/* PING tells whether Redis answers at all; a user may be denied it. */
static bool
ping(const Check *check)
{
	static const char *const words[] = {"PING", NULL};
	redisReply *reply = ask(check, words);
	bool		answers = !is_error(reply) || is_denied(reply);

	if (!answers)
		report_error(check, reply, reply != NULL ? "it refuses to work" : "cannot ask for PING");
	freeReplyObject(reply);
	return answers;
}

static bool
select_database(const Check *check)
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

static void
check_version(Check *check, const char *version)
{
	long		major = strtol(version, NULL, 10);

	check->major_version = major;
	if (major < OLDEST_MAJOR)
		check_report_say(check->report, CHECK_MISSING, "upgrade Redis",
						 "version %s: uncache needs Redis 4 or later", version);
	else if (major < OLDEST_MAJOR_OF_SCRIPTS && (check->needs & CHECK_NEEDS_OF_SCRIPTS) != 0)
		check_report_say(check->report, CHECK_MISSING, "upgrade Redis",
						 "version %s: tags, versions, cacheops and sweep need Redis 5 or later",
						 version);
	else
		check_report_say(check->report, CHECK_OK, "", "version %s", version);
}

static void
take_server_info(Check *check, const char *info)
{
	char		version[VERSION_BYTES];
	char		mode[VERSION_BYTES];

	read_field(info, "redis_version", version, sizeof(version));
	read_field(info, "redis_mode", mode, sizeof(mode));
	if (version[0] != '\0')
		check_version(check, version);
	else
		check_report_say(check->report, CHECK_UNKNOWN, "", "its version, which INFO does not tell");
	if (mode[0] == '\0' || strcmp(mode, "standalone") == 0)
		check_report_say(check->report, CHECK_OK, "", "it is a single server");
	else
		check_report_say(check->report, CHECK_MISSING, "let the URL name a single server",
						 "its redis_mode is %s, which is not supported", mode);
}

static void
take_replication_info(const Check *check, const char *info)
{
	char		role[VERSION_BYTES];

	read_field(info, "role", role, sizeof(role));
	if (strcmp(role, "slave") == 0 || strcmp(role, "replica") == 0)
		check_report_say(check->report, CHECK_MISSING, "let the URL name the primary",
						 "it is a replica");
	else if (strcmp(role, "master") == 0)
		check_report_say(check->report, CHECK_OK, "", "it is a primary");
	else
		check_report_say(check->report, CHECK_UNKNOWN, "", "whether it is a primary");
}

/* False if it cannot even be asked. */
static bool
check_info(Check *check)
{
	static const char *const server[] = {"INFO", "server", NULL};
	static const char *const replication[] = {"INFO", "replication", NULL};
	redisReply *reply = ask(check, server);
	redisReply *second = is_error(reply) ? NULL : ask(check, replication);
	bool		is_there = !is_error(reply) && !is_error(second);

	if (is_there)
	{
		take_server_info(check, text_of(reply));
		take_replication_info(check, text_of(second));
	}
	else if (is_denied(reply) || is_denied(second))
		check_report_say(check->report, CHECK_UNKNOWN, "", "version, mode and role, for want of INFO");
	else
		report_error(check, is_error(reply) ? reply : second, "cannot ask for INFO");
	is_there = is_there || is_denied(reply) || is_denied(second);
	freeReplyObject(reply);
	freeReplyObject(second);
	return is_there;
}

/* --- permissions --- */

static void
report_answer(const Check *check, const CheckCommand *command, CheckAnswer answer,
			  const char *why)
{
	bool		is_certain = (command->needs & check->certain_needs) != 0;
	char		advice[NAME_BYTES];

	(void) snprintf(advice, sizeof(advice), "ACL SETUSER <user> +%s ~*", command->name);
	if (answer == CHECK_ALLOWED)
		check_report_say(check->report, CHECK_OK, "", "the user may run %s", command->name);
	else if (answer == CHECK_UNDECIDED)
		check_report_say(check->report, CHECK_UNKNOWN, "", "whether the user may run %s: %s",
						 command->name, why);
	else
		check_report_say(check->report, is_certain ? CHECK_MISSING : CHECK_UNKNOWN, advice,
						 "the user may not run %s%s", command->name,
						 is_certain ? "" : ", which some rules would need");
}

/* A key that is denied may be one that no rule makes. */
static void
report_dry_run(const Check *check, const CheckCommand *command, const redisReply *reply)
{
	const char *text = text_of(reply);

	if (is_error(reply))
		report_answer(check, command, CHECK_UNDECIDED, error_of(check, reply));
	else if (strcmp(text, "OK") == 0)
		report_answer(check, command, CHECK_ALLOWED, "");
	else if (strstr(text, " access ") != NULL)
		check_report_say(check->report, CHECK_UNKNOWN,
						 "the user needs ~* unless all keys, tags and counters match what it has",
						 "whether the user may run %s for all keys: not for one such as %s",
						 command->name, check->key);
	else
		report_answer(check, command, CHECK_DENIED, "");
}

static void
dry_run(const Check *check, const char *user)
{
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
	{
		const char *words[ARGUMENTS_MAX] = {"ACL", "DRYRUN", user};
		redisReply *reply;

		if ((command->needs & check->needs) == 0)
			continue;
		for (int i = 0; command->words[i] != NULL; i++)
			words[3 + i] = command->words[i][0] != '\0' ? command->words[i] : check->key;
		reply = ask(check, words);
		report_dry_run(check, command, reply);
		freeReplyObject(reply);
	}
}

/* The rules for commands in the answer to ACL GETUSER; NULL if it has none. */
static const char *
find_rules(const redisReply *reply)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
		return NULL;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (strcmp(text_of(reply->element[i]), "commands") == 0)
			return text_of(reply->element[i + 1]);
	return NULL;
}

static void
look_up(const Check *check, const char *rules)
{
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
		if ((command->needs & check->needs) != 0)
			report_answer(check, command, check_acl_look_up(rules, command->name),
						  "its rules name categories");
}

static void
check_user(const Check *check, const char *user)
{
	const char *const getuser[] = {"ACL", "GETUSER", user, NULL};
	const char *const probe[] = {"ACL", "DRYRUN", user, "TIME", NULL};
	redisReply *reply = ask(check, probe);

	if (!is_error(reply))
		dry_run(check, user);
	else
	{
		const char *rules;

		freeReplyObject(reply);
		reply = ask(check, getuser);
		rules = find_rules(reply);
		if (rules != NULL)
			look_up(check, rules);
		else
			check_report_say(check->report, CHECK_UNKNOWN,
							 "compare its rules with docs/operations.md, or allow it +acl|dryrun",
							 "what the user may run: %s", error_of(check, reply));
	}
	freeReplyObject(reply);
}

static void
check_permissions(const Check *check)
{
	static const char *const whoami[] = {"ACL", "WHOAMI", NULL};
	redisReply *reply = ask(check, whoami);

	if (!is_error(reply) && reply->type == REDIS_REPLY_STRING)
		check_user(check, text_of(reply));
	else if (reply != NULL && check->major_version > 0 &&
			 check->major_version < FIRST_MAJOR_WITH_USERS)
		check_report_say(check->report, CHECK_OK, "", "it has no users, and everybody may run everything");
	else if (reply != NULL && has_username(&check->target->url))
		check_user(check, check->target->url.username);
	else
		check_report_say(check->report, CHECK_UNKNOWN,
						 "compare its rules with docs/operations.md, or allow it +acl|whoami +acl|dryrun",
						 "what the user may run: %s", error_of(check, reply));
	freeReplyObject(reply);
}

/* --- the interface --- */

static unsigned int
needs_of_settings(const TargetConfig *target)
{
	unsigned int needs = CHECK_NEED_ALWAYS;

	if (target->url.database != 0)
		needs |= CHECK_NEED_DATABASE;
	if (target->sweep_ms > 0)
		needs |= CHECK_NEED_SWEEP;
	return needs;
}

void
check_redis(const TargetConfig *target, unsigned int needs, unsigned int certain_needs,
			CheckReport *report)
{
	Check		check = {
		.target = target,
		.needs = needs | needs_of_settings(target),
		.certain_needs = certain_needs | needs_of_settings(target),
		.report = report
	};

	if (asprintf(&check.key, "%s%s", target->prefix, EXAMPLE_KEY) < 0)
		check_report_say(report, CHECK_MISSING, "", "out of memory");
	else
	{
		if (connect_redis(&check) && log_in(&check) && ping(&check) && check_info(&check) &&
			select_database(&check))
			check_permissions(&check);
		free(check.key);
	}
	if (check.redis != NULL)
		redisFree(check.redis);
}
