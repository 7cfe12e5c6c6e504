/*-------------------------------------------------------------------------
 *
 * check_acl.c
 *	  Which commands of Redis a target needs, and what the rules of a user say
 *	  about one of them.
 *
 * What kinds of names need stands in name_kind.c; the other needs are those of
 * redis_greeting.c, redis_scan.c and redis_sweep.c.  CLIENT SETNAME may be
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
	{"eval", CHECK_NEED_SWEEP, {"EVAL", "return 1", "0", NULL}, false},
	{"srandmember", 0, {"SRANDMEMBER", "", "1", NULL}, false},
	{"srem", CHECK_NEED_SWEEP, {"SREM", "", "m", NULL}, false},
	{"smembers", 0, {"SMEMBERS", "", NULL}, false},
	{"exists", CHECK_NEED_SWEEP | CHECK_NEED_CLUSTER, {"EXISTS", "", NULL}, false},
	{"sscan", CHECK_NEED_SWEEP, {"SSCAN", "", "0", NULL}, false},
	{"incrby", 0, {"INCRBY", "", "1", NULL}, false},
	{"set", 0, {"SET", "", "1", NULL}, false},
	{"time", 0, {"TIME", NULL}, true},
	{"cluster|slots", CHECK_NEED_CLUSTER, {"CLUSTER", "SLOTS", NULL}, true},
	{"cluster|nodes", CHECK_NEED_CLUSTER, {"CLUSTER", "NODES", NULL}, true},
	{"cluster|countkeysinslot", CHECK_NEED_CLUSTER, {"CLUSTER", "COUNTKEYSINSLOT", "0", NULL}, true},
	{"cluster|getkeysinslot", CHECK_NEED_CLUSTER, {"CLUSTER", "GETKEYSINSLOT", "0", "1", NULL}, true},
	{"asking", CHECK_NEED_CLUSTER, {"ASKING", NULL}, false},
	{"rename", CHECK_NEED_CLUSTER, {"RENAME", "", "", NULL}, false},
	{NULL, 0, {NULL}, false}
};

static bool
is_action(const char *known, const char *action)
{
	return known != NULL && strcmp(known, action) == 0;
}

unsigned int
check_acl_needs_of(const char *action)
{
	unsigned int needs = 0;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (is_action(name_traits[kind].action, action) ||
			is_action(name_traits[kind].pattern_action, action))
			needs |= CHECK_NEED_KIND(kind);
	return needs;
}

unsigned int
check_acl_needs_of_settings(const RedisUrl *url, int64_t sweep_ms)
{
	unsigned int needs = CHECK_NEED_ALWAYS;

	if (url->database != 0)
		needs |= CHECK_NEED_DATABASE;
	if (url->node_count > 0)
		needs |= CHECK_NEED_CLUSTER;
	else if (sweep_ms > 0)
		needs |= CHECK_NEED_SWEEP;
	return needs;
}

static bool
has_command(const NameTraits *traits, const char *command)
{
	for (int i = 0; traits->commands[i] != NULL; i++)
		if (strcmp(traits->commands[i], command) == 0)
			return true;
	return false;
}

static bool
kinds_need(unsigned int needs, const char *command)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((needs & CHECK_NEED_KIND(kind)) != 0 && has_command(&name_traits[kind], command))
			return true;
	return false;
}

bool
check_acl_is_needed(const CheckCommand *command, unsigned int needs)
{
	return (command->needs & needs) != 0 || kinds_need(needs, command->name);
}

bool
check_acl_needs_scripts(unsigned int needs)
{
	return (needs & CHECK_NEED_SWEEP) != 0 || kinds_need(needs, "eval");
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
