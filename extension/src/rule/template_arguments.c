/*-------------------------------------------------------------------------
 *
 * template_arguments.c
 *	  Arguments that are templates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "parser/scansup.h"
#include "rule/template.h"
#include "rule/template_arguments.h"
#include "utils/builtins.h"

/* --- reach --- */

static void
give(const RuleReach *reach, const char *template)
{
	Size		length = strlen(template);
	char	   *key = palloc(TEMPLATE_REACH_ROOM(length));
	InvalidationAction action = reach->invalidation;
	TemplateReader reader;
	char	   *target;
	Size		key_length;

	template_reader_init(&reader, template, length);
	target = pnstrdup(reader.target, reader.target_length);
	if (template_reach(template, length, reach->is_glob, key, &key_length))
		action = invalidation_action_by_glob(action);
	reach->sink(target, action, key, key_length, reach->argument);
	pfree(target);
	pfree(key);
}

void
template_arguments_reach(const RuleReach *reach, char *const *arguments, int count)
{
	int			i;

	for (i = 0; i < count; i++)
		give(reach, arguments[i]);
}

/* --- columns --- */

char *
template_arguments_identifier(const char *source, Size length)
{
	char	   *name;
	Size		i;
	Size		n = 0;

	if (source[0] != '"')
		return downcase_truncate_identifier(source, (int) length, false);
	name = palloc(length);
	for (i = 1; i + 1 < length; i++)
	{
		if (source[i] == '"')
			i++;
		name[n++] = source[i];
	}
	name[n] = '\0';
	truncate_identifier(name, (int) n, false);
	return name;
}

static bool
names_column(const TemplatePart *part, const char *column)
{
	char	   *name;
	bool		result;

	if (part->kind != TEMPLATE_IDENTIFIER)
		return false;
	name = template_arguments_identifier(part->text, part->length);
	result = strcmp(name, column) == 0;
	pfree(name);
	return result;
}

/*
 * An argument with each {old_name} replaced, palloc'd; NULL if there is none.  The buffer is
 * for all of a rule's arguments, of which there may be tens of thousands.
 */
static char *
rename_column(const char *argument, const char *old_name, const char *new_name, StringInfo out)
{
	const char *copied = argument;
	TemplateReader reader;
	TemplatePart part;

	resetStringInfo(out);
	template_reader_init(&reader, argument, strlen(argument));
	while (template_next(&reader, &part) != TEMPLATE_END && part.kind != TEMPLATE_INVALID)
	{
		if (!names_column(&part, old_name))
			continue;
		appendBinaryStringInfo(out, copied, (int) (part.text - copied));
		appendStringInfoString(out, new_name);
		copied = part.text + part.length;
	}
	if (copied == argument)
		return NULL;
	appendStringInfoString(out, copied);
	return pnstrdup(out->data, out->len);
}

bool
template_arguments_rename_column(char **arguments, int count, const char *old_name, const char *new_name)
{
	const char *quoted_name = quote_identifier(new_name);
	StringInfoData buffer;
	bool		found = false;
	int			i;

	initStringInfo(&buffer);
	for (i = 0; i < count; i++)
	{
		char	   *renamed = rename_column(arguments[i], old_name, quoted_name, &buffer);

		if (renamed != NULL)
			arguments[i] = renamed;
		found |= renamed != NULL;
	}
	pfree(buffer.data);
	return found;
}
