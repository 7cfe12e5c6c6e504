/*-------------------------------------------------------------------------
 *
 * check_acl.c
 *	  Which commands of Redis a target needs, and what the rules of a user say
 *	  about one of them.
 *
 * The commands are those of redis_greeting.c, redis_script.c,
 * cacheops_script.c, redis_scan.c and redis_sweep.c.  CLIENT SETNAME may be
 * denied, and HELLO is allowed to everybody.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_acl.h"

#include <string.h>

const CheckCommand check_acl_commands[] = {
	{"unlink", CHECK_NEED_ALWAYS, {"UNLINK", "", NULL}, false},
	{"scan", CHECK_NEED_ALWAYS, {"SCAN", "0", "COUNT", "1", NULL}, true},
	{"ping", CHECK_NEED_ALWAYS, {"PING", NULL}, true},
	{"info", CHECK_NEED_ALWAYS, {"INFO", "server", NULL}, true},
	{"select", CHECK_NEED_DATABASE, {"SELECT", "0", NULL}, false},
	{"eval", CHECK_NEEDS_OF_SCRIPTS, {"EVAL", "return 1", "0", NULL}, false},
	{"srandmember", CHECK_NEED_TAGS | CHECK_NEED_CACHEOPS, {"SRANDMEMBER", "", "1", NULL}, false},
	{"srem", CHECK_NEED_TAGS | CHECK_NEED_CACHEOPS | CHECK_NEED_SWEEP, {"SREM", "", "m", NULL}, false},
	{"smembers", CHECK_NEED_CACHEOPS, {"SMEMBERS", "", NULL}, false},
	{"exists", CHECK_NEED_CACHEOPS | CHECK_NEED_SWEEP, {"EXISTS", "", NULL}, false},
	{"sscan", CHECK_NEED_SWEEP, {"SSCAN", "", "0", NULL}, false},
	{"incrby", CHECK_NEED_VERSIONS, {"INCRBY", "", "1", NULL}, false},
	{"set", CHECK_NEED_VERSIONS, {"SET", "", "1", NULL}, false},
	{"time", CHECK_NEED_VERSIONS, {"TIME", NULL}, true},
	{NULL, 0, {NULL}, false}
};

unsigned int
check_acl_needs_of(const char *action)
{
	static const struct
	{
		const char *action;
		unsigned int needs;
	}			known[] = {
		{"tags", CHECK_NEED_TAGS},
		{"tag_patterns", CHECK_NEED_TAGS},
		{"versions", CHECK_NEED_VERSIONS},
		{"version_patterns", CHECK_NEED_VERSIONS},
		{"cacheops", CHECK_NEED_CACHEOPS},
		{"cacheops_tables", CHECK_NEED_CACHEOPS},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].action, action) == 0)
			return known[i].needs;
	return 0;
}

/* Is the word, without its sign, just this command? */
static bool
names_command(const char *word, size_t word_bytes, const char *command)
{
	return strlen(command) == word_bytes && strncasecmp(word, command, word_bytes) == 0;
}

CheckAnswer
check_acl_look_up(const char *rules, const char *command)
{
	CheckAnswer answer = CHECK_DENIED;

	while (*rules != '\0')
	{
		size_t		word_bytes = strcspn(rules, " ");
		const char *name = rules + 1;
		size_t		name_bytes = word_bytes > 0 ? word_bytes - 1 : 0;

		if (word_bytes > 0 && (*rules == '+' || *rules == '-'))
		{
			CheckAnswer said = *rules == '+' ? CHECK_ALLOWED : CHECK_DENIED;

			if (names_command(name, name_bytes, command) ||
				names_command(name, name_bytes, "@all"))
				answer = said;
			else if (name_bytes > 0 && *name == '@' && answer != said)
				answer = CHECK_UNDECIDED;
		}
		rules += word_bytes;
		rules += strspn(rules, " ");
	}
	return answer;
}
