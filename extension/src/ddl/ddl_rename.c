/*-------------------------------------------------------------------------
 *
 * ddl_rename.c
 *	  Rules whose columns get other names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "ddl/ddl_rename.h"
#include "ddl/ddl_report.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "watch/renamed_columns.h"
#include "watch/renamed_tables.h"
#include "watch/rule_columns.h"
#include "watch/rule_edit.h"
#include "watch/schema_rule.h"

PG_FUNCTION_INFO_V1(uncache_confirm_names);

/* The name, by a number, of a column that is about to be replaced: none is called so. */
#define IN_BETWEEN "\001%d"

/* --- all of its arguments --- */

static StringArray
copy_arguments(const StringArray *arguments)
{
	StringArray copy = {palloc(Max(arguments->count, 1) * sizeof(char *)), arguments->count};

	memcpy(copy.strings, arguments->strings, arguments->count * sizeof(char *));
	return copy;
}

static bool
names_column_anywhere(const RuleTrigger *rule, const StringArray *arguments, const char *column)
{
	StringArray copy = copy_arguments(arguments);

	return rule_action_rename_column(rule->action, &copy, column, column);
}

/* --- which column is meant --- */

static bool
has_column(const RuleTrigger *rule, const char *name)
{
	return get_attnum(rule->relation_id, name) > 0;
}

/* The column of the name that was written, if there is one; else the one that had it. */
static const char *
choose(const RuleTrigger *rule, const RenamedColumn *column)
{
	return has_column(rule, column->written) ? column->written : column->followed;
}

/* What was written, with all names replaced at once: one may be what another was. */
static StringArray
make_arguments(const RuleTrigger *rule, const RenamedColumns *renamed)
{
	StringArray arguments = copy_arguments(&renamed->arguments);
	int			i;

	for (i = 0; i < list_length(renamed->columns); i++)
	{
		const RenamedColumn *column = list_nth(renamed->columns, i);

		(void) rule_action_rename_column(rule->action, &arguments, column->written, psprintf(IN_BETWEEN, i));
	}
	for (i = 0; i < list_length(renamed->columns); i++)
		(void) rule_action_rename_column(rule->action, &arguments, psprintf(IN_BETWEEN, i),
										 choose(rule, list_nth(renamed->columns, i)));
	return arguments;
}

/* The newest of those that have been called so, or the oldest; or NULL. */
static RenamedColumn *
find_written(const RenamedColumns *renamed, const char *name, bool is_oldest)
{
	RenamedColumn *found = NULL;
	ListCell   *cell;

	foreach(cell, renamed->columns)
	{
		if (strcmp(((RenamedColumn *) lfirst(cell))->written, name) != 0)
			continue;
		found = lfirst(cell);
		if (!is_oldest)
			break;
	}
	return found;
}

static bool
is_back(const RenamedColumn *column)
{
	return strcmp(column->written, column->followed) == 0;
}

/* What is known only by the name that was written, or by that alone again. */
static void
forget_settled(const RuleTrigger *rule, RenamedColumns *renamed)
{
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, renamed->columns)
	{
		RenamedColumn *column = lfirst(cell);

		if (!is_back(column) && !is_back(find_written(renamed, column->written, true)) &&
			has_column(rule, column->followed))
			kept = lappend(kept, column);
	}
	renamed->columns = kept;
}

/* UPDATE OF and WHEN are PostgreSQL's, and follow a column for good. */
static void
follow_restrictions(const RuleTrigger *rule, const RenamedColumn *column)
{
	AttrNumber	followed = get_attnum(rule->relation_id, column->followed);

	if (rule_columns_name(rule, followed) &&
		!rule_columns_add(rule, followed, get_attnum(rule->relation_id, column->written)))
		ddl_report_widened(rule);
}

static void
tell_of_choice(const RuleTrigger *rule, const RenamedColumns *renamed)
{
	ListCell   *cell;

	foreach(cell, renamed->columns)
	{
		const RenamedColumn *column = lfirst(cell);

		if (rule->is_for_rows && !OidIsValid(rule->parent_id) && has_column(rule, column->written) &&
			column == find_written(renamed, column->written, false))
			ddl_report_choice(rule, column->written, column->followed);
	}
}

/* Makes the rule read what it is meant to. */
static void
settle(const RuleTrigger *rule, RenamedColumns *renamed)
{
	StringArray arguments = make_arguments(rule, renamed);
	bool		is_same = array_equals(&arguments, &rule->arguments);
	ListCell   *cell;

	forget_settled(rule, renamed);
	foreach(cell, renamed->columns)
	{
		if (has_column(rule, ((RenamedColumn *) lfirst(cell))->written))
			follow_restrictions(rule_scan_trigger(rule->trigger_id), lfirst(cell));
	}
	if (!is_same)
	{
		rule_edit_rewrite(rule, NULL, &arguments);
		if (rule_action_has_queries(rule->action))
			admission_rewrite(rule, &arguments);
		tell_of_choice(rule, renamed);
	}
	renamed_columns_put(rule, &arguments, renamed);
}

/* --- a column has another name --- */

/* Was a column of that name meant, rather than one that followed to it? */
static bool
is_meant(const RuleTrigger *rule, const RenamedColumns *renamed, const char *old_name, const char *new_name)
{
	ListCell   *cell;

	if (names_column_anywhere(rule, &renamed->arguments, old_name))
		return true;
	foreach(cell, renamed->columns)
	{
		if (strcmp(((RenamedColumn *) lfirst(cell))->followed, new_name) == 0)
			return false;
	}
	return rule_columns_name(rule, get_attnum(rule->relation_id, new_name));
}

static void
add_rename(const RuleTrigger *rule, RenamedColumns *renamed, const char *old_name, const char *new_name)
{
	RenamedColumn *column;
	bool		is_first;
	ListCell   *cell;

	foreach(cell, renamed->columns)
	{
		column = lfirst(cell);
		if (strcmp(column->followed, old_name) == 0)
			column->followed = new_name;
	}
	is_first = find_written(renamed, old_name, false) == NULL;
	if (is_first && !is_meant(rule, renamed, old_name, new_name))
		return;
	column = palloc(sizeof(RenamedColumn));
	column->written = old_name;
	column->followed = new_name;
	renamed->columns = is_first ? lappend(renamed->columns, column) : lcons(column, renamed->columns);
}

static void
rename_in_rule(const RuleTrigger *rule, const char *old_name, const char *new_name)
{
	RenamedColumns *renamed;

	/* made anew from the columns of the key */
	if (schema_rule_is(rule))
	{
		StringArray arguments = copy_arguments(&rule->arguments);

		if (rule_action_rename_column(rule->action, &arguments, old_name, new_name))
			rule_edit_rewrite(rule, NULL, &arguments);
		return;
	}
	renamed = renamed_columns_get(rule);
	add_rename(rule, renamed, old_name, new_name);
	if (renamed->columns != NIL)
		settle(rule, renamed);
}

/* The names of a column. */
typedef struct Rename
{
	const char *old_name;
	const char *new_name;
} Rename;

static void
rename_one(const RuleTrigger *rule, void *argument)
{
	const Rename *names = argument;

	rename_in_rule(rule, names->old_name, names->new_name);
}

void
ddl_rename_column(const List *relation_ids, const char *old_name, const char *new_name)
{
	Rename		names = {old_name, new_name};
	ListCell   *cell;

	foreach(cell, relation_ids)
		rule_scan_each(lfirst_oid(cell), rename_one, &names);
}

/* --- the rule is meant as it is --- */

/*
 * confirm_names(relation regclass, rule text): the rule is about to be made again.  Who
 * may not do so is told by PostgreSQL.
 */
Datum
uncache_confirm_names(PG_FUNCTION_ARGS)
{
	Oid			relation_id = PG_GETARG_OID(0);

	if (!compat_owns_table(relation_id, GetUserId()))
		PG_RETURN_VOID();
	renamed_columns_forget(relation_id, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	renamed_tables_forget(relation_id);
	renamed_tables_settle(relation_id);
	PG_RETURN_VOID();
}

/* --- columns have come or gone --- */

static void
settle_rule(const RuleTrigger *rule, void *argument)
{
	RenamedColumns *renamed;

	if (schema_rule_is(rule))
		return;
	renamed = renamed_columns_get(rule);
	if (renamed->columns != NIL)
		settle(rule, renamed);
}

void
ddl_rename_settle(const List *relation_ids)
{
	ListCell   *cell;

	if (renamed_columns_is_empty())
		return;
	foreach(cell, relation_ids)
		rule_scan_each(lfirst_oid(cell), settle_rule, NULL);
}
