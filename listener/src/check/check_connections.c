/*-------------------------------------------------------------------------
 *
 * check_connections.c
 *	  Have PostgreSQL and every target what is needed?
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_connections.h"

#include <string.h>

#include "check/check_acl.h"
#include "check/check_postgres.h"
#include "check/check_redis.h"
#include "check/check_report.h"

#define ADVICE_BYTES (CONFIG_ALIAS_MAX + 128)

static bool
is_configured(const Config *config, const char *alias)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].alias, alias) == 0)
			return true;
	return false;
}

/* What PostgreSQL says of a target that is configured. */
static void
check_consumer(const CheckTarget *target, CheckReport *report)
{
	if (target == NULL || !target->has_rules)
		check_report_say(report, CHECK_UNKNOWN,
						 "nothing needs to be done if keys are only invalidated by hand",
						 "whether it is needed: no rule names it");
	else
		check_report_say(report, CHECK_OK, "", "rules name it");
	if (target == NULL || target->state[0] == '\0')
		check_report_say(report, CHECK_OK, "", "it has no consumer yet: the daemon will register one");
	else
		check_report_say(report, CHECK_OK, "", "its consumer is in the state %s, and %s",
						 target->state,
						 target->has_worker ? "a session works for it" : "no session works for it now");
}

/* If PostgreSQL did not tell, rules may need anything. */
static void
check_target(const TargetConfig *config, const CheckTargets *targets, CheckReport *report)
{
	const CheckTarget *target = check_postgres_find(targets, config->alias);
	unsigned int needs = targets->are_known ? 0 : CHECK_NEEDS_OF_RULES;

	check_report_subject(report, "target", config->alias);
	if (targets->are_known)
		check_consumer(target, report);
	if (target != NULL)
		needs |= target->needs;
	check_redis(config, needs, targets->are_known ? needs : 0, report);
}

/* Another daemon may serve what is not configured here. */
static void
check_stranger(const CheckTarget *target, CheckReport *report)
{
	char		advice[ADVICE_BYTES];

	check_report_subject(report, "target", target->alias);
	if (target->has_worker)
	{
		check_report_say(report, CHECK_OK, "", "it is not configured here, and another daemon serves it");
		return;
	}
	(void) snprintf(advice, sizeof(advice), "configure it, or drop it: SELECT uncache.drop_consumer('%s')",
					target->alias);
	if (target->has_rules)
		check_report_say(report, CHECK_MISSING, "configure it, or correct the rules",
						 "rules name it, but it is not configured here, and nobody serves it");
	/* one that was declared lost holds back nothing */
	if (target->state[0] != '\0' && strcmp(target->state, "lost") != 0)
		check_report_say(report, CHECK_MISSING, advice,
						 "its consumer holds back the journal, and nobody serves it");
}

bool
check_connections(const Config *config, FILE *stream)
{
	CheckReport report;
	CheckTargets targets;

	check_report_begin(&report, stream);
	check_postgres(config, &report, &targets);
	for (size_t i = 0; i < config->target_count; i++)
		check_target(&config->targets[i], &targets, &report);
	for (size_t i = 0; i < targets.target_count; i++)
		if (!is_configured(config, targets.targets[i].alias))
			check_stranger(&targets.targets[i], &report);
	check_postgres_reset(&targets);
	return report.missing_count == 0;
}
