/*-------------------------------------------------------------------------
 *
 * rule_rename.c
 *	  Makes the placeholders of rules follow a column's new name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "rule_author.h"
#include "rule_edit.h"
#include "rule_rename.h"
#include "rule_row.h"
#include "rule_template.h"
#include "utils/builtins.h"

static bool
names_column(const TemplatePart *part, const char *column)
{
	return part->kind == TEMPLATE_IDENTIFIER &&
		strcmp(rule_template_identifier(part->text, part->length), column) == 0;
}

/* An argument with each {old_name} replaced, palloc'd; NULL if there is none. */
static char *
rename_in_template(const char *argument, const char *old_name, const char *new_name)
{
	const char *copied = argument;
	StringInfoData out;
	TemplateReader reader;
	TemplatePart part;

	initStringInfo(&out);
	template_reader_init(&reader, argument, strlen(argument));
	while (template_next(&reader, &part) != TEMPLATE_END && part.kind != TEMPLATE_INVALID)
	{
		if (!names_column(&part, old_name))
			continue;
		appendBinaryStringInfo(&out, copied, (int) (part.text - copied));
		appendStringInfoString(&out, quote_identifier(new_name));
		copied = part.text + part.length;
	}
	if (copied == argument)
		return NULL;
	appendStringInfoString(&out, copied);
	return out.data;
}

/* Neither an author nor the table of a cacheops rule names a column. */
static int
first_with_columns(const RuleTrigger *rule)
{
	return rule->action == RULE_ACTION_CACHEOPS ? 1 :
		rule_author_count(rule->action, rule->arguments.strings, rule->arguments.count);
}

static void
rename_in_rule(const RuleTrigger *rule, const char *old_name, const char *new_name)
{
	StringArray arguments = rule->arguments;
	bool		found = false;
	int			i;

	for (i = first_with_columns(rule); i < arguments.count; i++)
	{
		char	   *renamed = rule->action == RULE_ACTION_CACHEOPS ?
		rule_row_rename(arguments.strings[i], old_name, new_name) :
		rename_in_template(arguments.strings[i], old_name, new_name);

		if (renamed != NULL)
			arguments.strings[i] = renamed;
		found |= renamed != NULL;
	}
	if (found)
		rule_edit_rewrite(rule, NULL, &arguments);
}

void
rule_rename_column(const List *relation_ids, const char *old_name, const char *new_name)
{
	ListCell   *table;
	ListCell   *cell;

	foreach(table, relation_ids)
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
			rename_in_rule(lfirst(cell), old_name, new_name);
	}
}
