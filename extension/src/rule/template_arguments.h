/*-------------------------------------------------------------------------
 *
 * template_arguments.h
 *	  Arguments that are templates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_TEMPLATE_ARGUMENTS_H
#define UNCACHE_TEMPLATE_ARGUMENTS_H

#include "rule/rule_form.h"

/* Gives what each template can produce. */
extern void template_arguments_reach(const RuleReach *reach, char *const *arguments, int count);

/* Renames a column in the placeholders that are its name alone; see rule_action.h. */
extern bool template_arguments_rename_column(char **arguments, int count,
											 const char *old_name, const char *new_name);

/*
 * The name that an SQL identifier means: folded to lower case, or without its
 * quotes.  palloc'd.
 */
extern char *template_arguments_identifier(const char *source, Size length);

#endif
