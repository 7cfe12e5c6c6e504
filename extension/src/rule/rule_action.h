/*-------------------------------------------------------------------------
 *
 * rule_action.h
 *	  What a rule's trigger function makes of its arguments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_ACTION_H
#define UNCACHE_RULE_ACTION_H

#include "base/array.h"
#include "rule/rule_form.h"

/*
 * The actions, one a row: symbol, name of the trigger function in schema uncache, form of its
 * arguments, what the target does with what their templates render to, and whether glob
 * characters of a template's own text are wild.  All else follows from the form: what is told
 * from arguments alone stands in rule_action.c, how they are compiled in rule_compile.c, what
 * a changed row does in trigger.c, each of which fails to compile if it lacks a form.
 *
 * A query returns keys; its templates are of globs, for when it fails.
 */
#define RULE_ACTIONS(ROW) \
	ROW(KEYS, keys, RULE_FORM_TEMPLATES, INVALIDATION_KEYS, false) \
	ROW(PATTERNS, patterns, RULE_FORM_TEMPLATES, INVALIDATION_PATTERNS, true) \
	ROW(TAGS, tags, RULE_FORM_TEMPLATES, INVALIDATION_TAGS, false) \
	ROW(VERSIONS, versions, RULE_FORM_TEMPLATES, INVALIDATION_VERSIONS, false) \
	ROW(QUERY, query, RULE_FORM_QUERIES, INVALIDATION_PATTERNS, true) \
	ROW(CACHEOPS, cacheops, RULE_FORM_CACHEOPS, INVALIDATION_CACHEOPS, false)

#define RULE_ACTION_SYMBOL(symbol, name, form, invalidation, is_glob) RULE_ACTION_##symbol,

typedef enum RuleAction
{
	RULE_ACTIONS(RULE_ACTION_SYMBOL)
	RULE_ACTION_COUNT
} RuleAction;

/* The name of the trigger function in schema uncache. */
extern const char *rule_action_name(RuleAction action);

/* False if no trigger function has this name. */
extern bool rule_action_parse(const char *name, RuleAction *action);

/* How its arguments are written. */
extern RuleForm rule_action_form(RuleAction action);

/* What the target does with what a template renders to; a query's are globs. */
extern InvalidationAction rule_action_invalidation(RuleAction action);

/* Are glob characters of a template's own text wild? */
extern bool rule_action_is_glob(RuleAction action);

/* Do its arguments hold queries, which run as somebody else than the writer? */
extern bool rule_action_has_queries(RuleAction action);

/* Do its arguments hold SQL, which may use objects? */
extern bool rule_action_has_sql(RuleAction action);

/* Does it go by rows, of which REFRESH MATERIALIZED VIEW tells nothing? */
extern bool rule_action_needs_rows(RuleAction action);

/* How many of a rule's arguments, 0 or 1, tell its author rather than what it does. */
extern int	rule_action_author_count(RuleAction action, char *const *arguments, int count);

/* Gives the sink all that a rule of these arguments can produce, for whatever row. */
extern void rule_action_reach(RuleAction action, char *const *arguments, int argument_count,
							  RuleReachSink sink, void *sink_argument);

/*
 * Replaces arguments that name a column by others, palloc'd, that have its new name.  False if
 * none does.
 */
extern bool rule_action_rename_column(RuleAction action, const StringArray *arguments,
									  const char *old_name, const char *new_name);

#endif
