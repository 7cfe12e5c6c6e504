/*-------------------------------------------------------------------------
 *
 * ddl_report.c
 *	  What whoever issues a command is told of the rules that it concerns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/warning.h"
#include "catalog/pg_class.h"
#include "ddl/ddl_report.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

/* Who may read, change or own a table sees it. */
static bool
may_see(Oid relation_id)
{
	const		AclMode modes = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE | ACL_TRIGGER;

	return compat_owns_table(relation_id, GetUserId()) ||
		pg_class_aclmask(relation_id, GetUserId(), modes, ACLMASK_ANY) != 0 ||
		pg_attribute_aclcheck_all(relation_id, GetUserId(), ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
}

static int
level_for(Oid relation_id)
{
	return get_rel_name(relation_id) != NULL && !may_see(relation_id) ? LOG_SERVER_ONLY : WARNING;
}

/* As regclass shows it where the search path holds nothing. */
static char *
qualified_name(Oid relation_id)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relation_id));
	char	   *table = get_rel_name(relation_id);

	return schema == NULL || table == NULL ? psprintf("%u", relation_id) : psprintf("%s.%s", schema, table);
}

static void
report(const RuleTrigger *rule, const char *message, const char *hint)
{
	const Warning warning = {
		.level = level_for(rule->relation_id),
		.message = message,
		.hint = hint
	};

	warning_report(&warning);
}

void
ddl_report_broken(const RuleTrigger *rule, const char *problem)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" is broken: %s",
					rule->name, qualified_name(rule->relation_id), problem),
		   "Call uncache.watch again. Until then, broader patterns are deleted instead.");
}

void
ddl_report_widened(const RuleTrigger *rule)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" has lost its WHEN condition or UPDATE OF, which the command would have broken",
					rule->name, qualified_name(rule->relation_id)),
		   "It invalidates for every row now. Create the trigger again with a condition that fits.");
}

void
ddl_report_unnoticed(const RuleTrigger *rule, const char *trigger_name)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" does not notice columns that only trigger \"%s\" changes",
					rule->name, qualified_name(rule->relation_id), trigger_name),
		   "Call uncache.watch without columns if the trigger changes one that the rule reads.");
}

void
ddl_report_heir(const RuleTrigger *rule, Oid heir_id)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" does not cover rows of table \"%s\", which inherits from it",
					rule->name, qualified_name(rule->relation_id), qualified_name(heir_id)),
		   get_rel_relkind(heir_id) == RELKIND_FOREIGN_TABLE ?
		   "Watch the table behind it, where its rows change." : "Call uncache.watch for that table, too.");
}

void
ddl_report_foreign(const RuleTrigger *rule, Oid foreign_id)
{
	report(rule,
		   psprintf("with uncache rule \"%s\", rows of foreign table \"%s\" are updated and deleted one by one, by their ctid",
					rule->name, qualified_name(foreign_id)),
		   "PostgreSQL does so where there are row triggers. "
		   "If the remote table is a view, UPDATE and DELETE fail; if it is partitioned or has heirs, they may hit other rows.");
}

void
ddl_report_copied(const RuleTrigger *rule, Oid relation_id)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" holds for table \"%s\" as well, which has the name that the rule was made for",
					rule->name, qualified_name(rule->relation_id), qualified_name(relation_id)),
		   "Call uncache.unwatch for the one that needs no rule.");
}

void
ddl_report_left(const RuleTrigger *rule, Oid relation_id)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" does not hold for table \"%s\", which has the name that the rule was made for",
					rule->name, qualified_name(rule->relation_id), qualified_name(relation_id)),
		   "Call uncache.watch for the table that is read under this name.");
}

void
ddl_report_choice(const RuleTrigger *rule, const char *written, const char *followed)
{
	report(rule,
		   psprintf("uncache rule \"%s\" on table \"%s\" reads column \"%s\" again, which is another one than before",
					rule->name, qualified_name(rule->relation_id), written),
		   psprintf("The column that it read before is called \"%s\" now. Call uncache.watch to say what is meant.", followed));
}

void
ddl_report_postponed(Oid relation_id)
{
	ereport(level_for(relation_id),
			(errcode(ERRCODE_WARNING),
			 errmsg("uncache cannot make the rules of table \"%s\" while others write to it", qualified_name(relation_id)),
			 errhint("Every target is resynced. The daemon makes the rules, and invalidates the table, as soon as nobody is writing to it.")));
}

void
ddl_report_failure(const ErrorData *error)
{
	const Warning warning = {
		.level = WARNING,
		.message = "uncache cannot follow the command",
		.detail = error->message,
		.is_detail_for_log = !superuser(),
		.hint = "Every target is resynced. SELECT * FROM uncache.check_rules() shows what is left to do."
	};

	warning_report(&warning);
}
