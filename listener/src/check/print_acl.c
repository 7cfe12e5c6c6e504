/*-------------------------------------------------------------------------
 *
 * print_acl.c
 *	  The permissions in Redis that each target's rules need, as a command.
 *
 * The commands are the same for every version of Redis and Valkey that has users; only how
 * the check asks what the user may run is not, which is said.  So no Redis is asked, whose
 * user may not be there yet.  The password's place holds what Redis refuses, so that no
 * user gets a password that everybody knows.
 *
 *-------------------------------------------------------------------------
 */
#include "check/print_acl.h"

#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"
#include "check/check_acl.h"
#include "check/check_postgres.h"
#include "check/check_report.h"

#define DEFAULT_USER "uncached"

/* Not needed, but CLIENT LIST then shows who this is; the others are for the check alone. */
static const char always[] = " +client|setname +acl|whoami +acl|dryrun";

void
print_acl_pattern(const char *prefix, char *pattern)
{
	size_t		length;

	*pattern = '~';
	length = 1 + glob_escape(prefix, strlen(prefix), pattern + 1);
	/* redis-cli and users.acl split words at blanks, and know quotes */
	for (size_t i = 1; i < length; i++)
		if ((unsigned char) pattern[i] <= ' ' || pattern[i] == '"' || pattern[i] == '\'' || pattern[i] == 0x7F)
			pattern[i] = '?';
	memcpy(pattern + length, "*", sizeof("*"));
}

static bool
has_username(const TargetConfig *target)
{
	return target->url.username != NULL && target->url.username[0] != '\0';
}

/* redis-cli and users.acl split words at blanks, and only one of them knows quotes. */
static bool
is_plain(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char) *name <= ' ' || strchr("\"'\x7F", *name) != NULL)
			return false;
	return true;
}

/* May the user's name stand in the line? */
static bool
check_username(const TargetConfig *target, FILE *problems)
{
	if (!has_username(target) || is_plain(target->url.username))
		return true;
	(void) fprintf(problems, "target %s: the user's name has a blank, a quote or a control character:"
				   " put another one into the URL\n", target->alias);
	return false;
}

static unsigned int
needs_of(const TargetConfig *target, const CheckTargets *targets)
{
	const CheckTarget *known = check_postgres_find(targets, target->alias);

	return check_acl_needs_of_settings(&target->url, target->sweep_ms) |
		(known != NULL ? known->needs : 0);
}

static bool
print_command(const TargetConfig *target, unsigned int needs, FILE *output)
{
	char	   *pattern = malloc(PRINT_ACL_PATTERN_BYTES(target->prefix_bytes));

	if (pattern == NULL)
		return false;
	print_acl_pattern(target->prefix, pattern);
	(void) fprintf(output, "ACL SETUSER %s on #SHA256-OF-THE-PASSWORD %s",
				   has_username(target) ? target->url.username : DEFAULT_USER, pattern);
	free(pattern);
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
		if (check_acl_is_needed(command, needs))
			(void) fprintf(output, " +%s", command->name);
	(void) fprintf(output, "%s\n", always);
	return true;
}

/* What stands in a tag's set, or in one of cacheops, may be any key. */
static bool
has_members(unsigned int needs)
{
	unsigned int sets = CHECK_NEED_SWEEP | CHECK_NEED_KIND(NAME_TAG) | CHECK_NEED_KIND(NAME_SET) |
	CHECK_NEED_KIND(NAME_CACHEOPS);

	return (needs & sets) != 0;
}

static void
print_notes(const TargetConfig *target, const CheckTargets *targets, unsigned int needs,
			FILE *problems)
{
	const CheckTarget *known = check_postgres_find(targets, target->alias);

	if (known == NULL || !known->has_rules)
		(void) fprintf(problems, "target %s: no rule names it; the line is enough for keys and patterns"
					   " that are invalidated by hand\n", target->alias);
	if (!has_username(target))
		(void) fprintf(problems, "target %s: the URL names no user: put " DEFAULT_USER " into it\n",
					   target->alias);
	else if (strcmp(target->url.username, "default") == 0)
		(void) fprintf(problems, "target %s: this gives Redis' default user a password, and refuses every client that"
					   " has none: give the daemon a user of its own\n", target->alias);
	if (target->prefix_bytes > 0 && has_members(needs))
		(void) fprintf(problems, "target %s: if keys without the prefix are registered in its tags or sets,"
					   " add ~* or their patterns\n", target->alias);
}

static void
print_how_to_use(FILE *problems)
{
	(void) fputs("Put each line into redis-cli, or into users.acl with \"user\" in place of \"ACL SETUSER\", on\n"
				 "replicas as well: Redis does not replicate users.\n"
				 "In place of #SHA256-OF-THE-PASSWORD, which Redis refuses, put > and the password, or # and its\n"
				 "SHA-256 in hexadecimal digits. For --check-connections Redis 6 needs +acl|getuser in place of\n"
				 "+acl|dryrun.\n", problems);
}

bool
print_acl(const Config *config, FILE *output, FILE *problems)
{
	CheckReport report;
	CheckTargets targets;
	bool		is_known;

	check_report_begin(&report, problems);
	report.hides_ok = true;
	check_postgres(config, &report, &targets);
	is_known = targets.are_known;
	for (size_t i = 0; i < config->target_count && is_known; i++)
	{
		const TargetConfig *target = &config->targets[i];
		unsigned int needs = needs_of(target, &targets);

		print_notes(target, &targets, needs, problems);
		is_known = check_username(target, problems) && print_command(target, needs, output);
	}
	if (is_known)
		print_how_to_use(problems);
	check_postgres_reset(&targets);
	return is_known;
}
