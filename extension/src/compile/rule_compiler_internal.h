/*-------------------------------------------------------------------------
 *
 * rule_compiler_internal.h
 *	  How the files of this room compile a rule: what each of them adds to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_COMPILER_INTERNAL_H
#define UNCACHE_RULE_COMPILER_INTERNAL_H

#include "catalog/pg_attribute.h"
#include "compile/rule.h"
#include "rule/template.h"
#include "utils/relcache.h"

/* What one compilation works on. */
typedef struct RuleCompiler
{
	Rule	   *rule;			/* its context is the current one */
	Relation	relation;
	bool		is_strict;		/* raise errors instead of using wildcards,
								 * and only look: plan and run nothing */
	bool		skips_queries;	/* of queries look at the placeholders only */
	bool		runs_as_author; /* what is planned: a query's placeholders */
	const char *template_text;	/* the template at hand, for messages */
	const char *placeholder;	/* the expression at hand, zero-terminated */
	Expr	   *expr;			/* its planned form, or analyzed if is_strict */
	List	   *objects;		/* ObjectAddress *: what was used, if
								 * is_strict */
} RuleCompiler;

/* --- rule_template.c --- */

/* Compiles a template of the rule's action. */
extern void rule_template_compile(RuleCompiler *compiler, const char *string, RuleKey *key);

/*
 * Adds an expression to the rule that computes a column of its relation; its index
 * among the rule's, or -1 if it cannot be compiled, of which a warning tells.
 */
extern int	rule_template_add_column(RuleCompiler *compiler, Form_pg_attribute column);

/* A column of its relation; NULL if there is none of this name. */
extern Form_pg_attribute rule_template_find_column(const RuleCompiler *compiler, const char *name);

/* Looks up the output function of a type, for as long as the rule lives. */
extern void rule_template_set_output(RuleCompiler *compiler, FmgrInfo *output, Oid type_id);

/*
 * Analyzes a placeholder, and unless is_strict plans it, into compiler->expr, in the
 * rule's context; raises what is wrong with it, and where.
 */
extern void rule_template_analyze(RuleCompiler *compiler, const TemplatePart *placeholder);

/* --- rule_query.c --- */

/*
 * Fills in SQL and parameters; query->source is set.  Raises what is wrong.  Keys
 * are the caller's business.  Plans placeholders, as the current user, unless the
 * compiler only looks.
 */
extern void rule_query_compile(RuleCompiler *compiler, RuleQuery *query);

/*
 * Analyzes a compiled query as the current user, without running anything, and adds
 * to the compiler's objects.  Raises what is wrong.
 */
extern void rule_query_analyze(RuleCompiler *compiler, const RuleQuery *query);

/* --- cacheops_rule.c --- */

/* Fills in rule->cacheops.  What is wrong with the arguments is as with a template. */
extern void cacheops_rule_compile(RuleCompiler *compiler, char *const *arguments, int count);

#endif
