/*-------------------------------------------------------------------------
 *
 * check_redis_permissions.c
 *	  May the user of a target run the commands that it needs?
 *
 * What changes nothing is really run.  Of the rest ACL DRYRUN is asked (since Redis
 * 7), else ACL GETUSER's rules are read (6); before that there are no users.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_redis_permissions.h"

#include <stdio.h>
#include <string.h>

#define ADVICE_BYTES 128
#define DOING_BYTES 64
#define FIRST_MAJOR_WITH_USERS 6

static void
report_answer(const RedisCheck *check, const CheckCommand *command, CheckAnswer answer,
			  const char *why)
{
	bool		is_certain = check_acl_is_needed(command, check->certain_needs);
	char		advice[ADVICE_BYTES];

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
report_dry_run(const RedisCheck *check, const CheckCommand *command, const redisReply *reply)
{
	const char *text = check_redis_text(reply);

	if (check_redis_is_error(reply))
		report_answer(check, command, CHECK_UNDECIDED, check_redis_error(check, reply));
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

/* Of those that are needed the first (of NULL) or the next; NULL behind the last. */
static const CheckCommand *
next_needed(const RedisCheck *check, const CheckCommand *command, bool is_harmless)
{
	command = command == NULL ? check_acl_commands : command + 1;
	while (command->name != NULL &&
		   (!check_acl_is_needed(command, check->needs) || command->is_harmless != is_harmless))
		command++;
	return command->name != NULL ? command : NULL;
}

static void
fill_words(const RedisCheck *check, const CheckCommand *command, const char *words[])
{
	for (int i = 0; command->words[i] != NULL; i++)
		words[i] = command->words[i][0] != '\0' ? command->words[i] : check->key;
}

/* No answer, which was reported, is an end. */
static redisReply *
ask_or_report(const RedisCheck *check, const char *const words[])
{
	redisReply *reply = check_redis_ask(check, words);

	if (reply == NULL)
		check_redis_report_error(check, NULL, "cannot ask what the user may run");
	return reply;
}

/* --- what is really run --- */

static void
report_run(const RedisCheck *check, const CheckCommand *command, const redisReply *reply)
{
	char		doing[DOING_BYTES];

	(void) snprintf(doing, sizeof(doing), "cannot run %s", command->name);
	if (!check_redis_is_error(reply))
		report_answer(check, command, CHECK_ALLOWED, "");
	else if (redis_error_is_denial(check_redis_text(reply)))
		report_answer(check, command, CHECK_DENIED, "");
	else
		check_redis_report_error(check, reply, doing);
}

static bool
run_harmless(const RedisCheck *check)
{
	const CheckCommand *command = NULL;

	while ((command = next_needed(check, command, true)) != NULL)
	{
		const char *words[CHECK_REDIS_ARGUMENTS_MAX] = {NULL};
		redisReply *reply;

		fill_words(check, command, words);
		reply = ask_or_report(check, words);
		if (reply == NULL)
			return false;
		report_run(check, command, reply);
		freeReplyObject(reply);
	}
	return true;
}

/* --- what is asked for --- */

static void
dry_run(const RedisCheck *check, const char *user)
{
	const CheckCommand *command = NULL;

	while ((command = next_needed(check, command, false)) != NULL)
	{
		const char *words[CHECK_REDIS_ARGUMENTS_MAX] = {"ACL", "DRYRUN", user};
		redisReply *reply;

		fill_words(check, command, words + 3);
		reply = ask_or_report(check, words);
		if (reply == NULL)
			return;
		report_dry_run(check, command, reply);
		freeReplyObject(reply);
	}
}

/* The rules for commands in the answer to ACL GETUSER; NULL if it has none. */
static const char *
find_rules(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return NULL;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (strcmp(check_redis_text(reply->element[i]), "commands") == 0)
			return check_redis_text(reply->element[i + 1]);
	return NULL;
}

static void
report_untold(const RedisCheck *check, const redisReply *reply)
{
	check_report_say(check->report, CHECK_UNKNOWN,
					 "compare its rules with docs/operations.md, or allow it +acl|whoami +acl|dryrun",
					 "what else the user may run: %s", check_redis_error(check, reply));
}

static void
look_up(const RedisCheck *check, const char *user)
{
	const char *const getuser[] = {"ACL", "GETUSER", user, NULL};
	redisReply *reply = ask_or_report(check, getuser);
	const char *rules = reply != NULL ? find_rules(reply) : NULL;
	const CheckCommand *command = NULL;

	if (reply != NULL && rules == NULL)
		report_untold(check, reply);
	while (rules != NULL && (command = next_needed(check, command, false)) != NULL)
		report_answer(check, command, check_acl_look_up(rules, command->name),
					  "its rules name categories");
	freeReplyObject(reply);
}

static void
check_user(const RedisCheck *check, const char *user)
{
	const char *const probe[] = {"ACL", "DRYRUN", user, "TIME", NULL};
	redisReply *reply = ask_or_report(check, probe);

	if (reply != NULL && reply->type != REDIS_REPLY_ERROR)
		dry_run(check, user);
	else if (reply != NULL)
		look_up(check, user);
	freeReplyObject(reply);
}

/* --- the interface --- */

static void
ask_for_rest(const RedisCheck *check)
{
	static const char *const whoami[] = {"ACL", "WHOAMI", NULL};
	const char *username = check->target->url.username;
	redisReply *reply = ask_or_report(check, whoami);

	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_STRING)
		check_user(check, check_redis_text(reply));
	else if (check->major_version > 0 && check->major_version < FIRST_MAJOR_WITH_USERS)
		check_report_say(check->report, CHECK_OK, "", "it has no users, and everybody may run everything");
	else if (username != NULL && username[0] != '\0')
		check_user(check, username);
	else
		report_untold(check, reply);
	freeReplyObject(reply);
}

void
check_redis_permissions(const RedisCheck *check)
{
	if (run_harmless(check))
		ask_for_rest(check);
}
