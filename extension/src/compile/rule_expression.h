/*-------------------------------------------------------------------------
 *
 * rule_expression.h
 *	  The SQL text of a placeholder → an expression that can be executed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_EXPRESSION_H
#define UNCACHE_RULE_EXPRESSION_H

#include "guard/admission.h"
#include "nodes/primnodes.h"
#include "utils/relcache.h"

/*
 * What makes a statement of an expression for the parser: positions in its
 * errors count from here.
 */
#define RULE_EXPRESSION_PREFIX "SELECT "

/*
 * Parses, analyzes and plans a placeholder's text over the relation's columns,
 * in the current memory context; raises what is wrong with it.  Planning runs
 * functions that call themselves immutable, as the current user.  Virtual columns
 * are computed: the result reads those that they are made of.
 */
extern Expr *rule_expression_plan(Relation relation, const char *placeholder);

/* The same where it must use nothing but what was admitted: see admission.h. */
extern Expr *rule_expression_plan_admitted(Relation relation, const char *placeholder,
										   const Admission *admission);

/*
 * The same for whoever only looks: runs nobody's code.  The result's type is that of
 * the planned expression, its columns are those that the text names, virtual ones
 * too; literals have lost their values.
 */
extern Expr *rule_expression_analyze(Relation relation, const char *placeholder);

/*
 * May the expression's text depend on more settings than those which
 * settings_pin_values() pins?  output_function_id is the one that writes its
 * result, or InvalidOid if that is known to be safe.
 */
extern bool rule_expression_reads_settings(const Expr *expr, Oid output_function_id);

#endif
