/*-------------------------------------------------------------------------
 *
 * cacheops_arguments.c
 *	  Arguments of a cacheops rule: a table and items.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rule/cacheops_arguments.h"
#include "rule/template.h"

/* Behind '-': all columns. */
#define EVERY_COLUMN "*"

/* --- items --- */

CacheopsItem
cacheops_arguments_parse_item(const char *text)
{
	const char *equals = strchr(text, '=');
	CacheopsItem item = {CACHEOPS_ITEM_INVALID, NULL, text + 1};

	if (text[0] == '-')
		item.kind = strcmp(item.name, EVERY_COLUMN) == 0 ? CACHEOPS_ITEM_WITHOUT_OTHERS : CACHEOPS_ITEM_WITHOUT;
	else if (text[0] == '@')
		item.kind = CACHEOPS_ITEM_ZONE;
	else if (equals != NULL && equals > text)
	{
		item.kind = CACHEOPS_ITEM_FIELD;
		item.field = pnstrdup(text, equals - text);
		item.name = equals + 1;
	}
	if (item.kind != CACHEOPS_ITEM_INVALID && *item.name == '\0')
		item.kind = CACHEOPS_ITEM_INVALID;
	return item;
}

static bool
names_column(const CacheopsItem *item, const char *column)
{
	return (item->kind == CACHEOPS_ITEM_FIELD || item->kind == CACHEOPS_ITEM_WITHOUT) &&
		strcmp(item->name, column) == 0;
}

bool
cacheops_arguments_mention(char *const *items, int item_count, const char *column)
{
	int			i;

	for (i = 0; i < item_count; i++)
	{
		CacheopsItem item = cacheops_arguments_parse_item(items[i]);

		if (item.kind == CACHEOPS_ITEM_WITHOUT_OTHERS || names_column(&item, column) ||
			(item.kind == CACHEOPS_ITEM_FIELD && strcmp(item.field, column) == 0))
			return true;
	}
	return false;
}

bool
cacheops_arguments_rename_column(char **arguments, int count, const char *old_name, const char *new_name)
{
	bool		found = false;
	int			i;

	for (i = 1; i < count; i++)
	{
		CacheopsItem item = cacheops_arguments_parse_item(arguments[i]);

		if (!names_column(&item, old_name))
			continue;
		arguments[i] = psprintf("%.*s%s", (int) (item.name - arguments[i]), arguments[i], new_name);
		found = true;
	}
	return found;
}

/* --- the table --- */

bool
cacheops_arguments_parse_table(const char *argument, char **target, const char **table, const char **problem)
{
	TemplateReader reader;

	template_reader_init(&reader, argument, strlen(argument));
	*target = pnstrdup(reader.target, reader.target_length);
	*table = reader.next;
	*problem = reader.error;
	if (reader.error == NULL && reader.next == reader.end)
		*problem = "it names no table";
	return *problem == NULL;
}

void
cacheops_arguments_reach(const RuleReach *reach, char *const *arguments, int count)
{
	char	   *target;
	const char *table;
	const char *problem;

	if (count == 0)
		return;
	(void) cacheops_arguments_parse_table(arguments[0], &target, &table, &problem);
	reach->sink(target, INVALIDATION_CACHEOPS_TABLES, table, strlen(table), reach->argument);
	pfree(target);
}
