/*-------------------------------------------------------------------------
 *
 * rule.h
 *	  What a compiled rule is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_H
#define UNCACHE_RULE_H

#include "fmgr.h"
#include "nodes/execnodes.h"

typedef enum RulePartKind
{
	RULE_LITERAL,				/* text */
	RULE_WILDCARD,				/* a placeholder that cannot be compiled */
	RULE_BOOL,					/* column: true or false */
	RULE_INT2,					/* column */
	RULE_INT4,					/* column */
	RULE_INT8,					/* column */
	RULE_TEXT,					/* column: its bytes */
	RULE_OUTPUT,				/* column: its type's output function */
	RULE_OUTPUT_BY_SETTINGS,	/* the same, under pinned settings */
	RULE_EXPRESSION				/* its result's type's output function */
} RulePartKind;

typedef struct RulePart
{
	RulePartKind kind;
	const char *text;			/* literal's, in the rule's context */
	Size		length;
	AttrNumber	column;			/* of a column */
	FmgrInfo	output;			/* of those that use an output function */
	int			expression;		/* index into Rule's expressions */
} RulePart;

typedef struct RuleKey
{
	const char *target;			/* zero-terminated */
	Size		target_length;
	RulePart   *parts;
	int			part_count;
	bool		has_wildcard;	/* some part is RULE_WILDCARD */
	bool		is_pattern_for_any_row;
	const char *text_for_any_row;	/* see template_for_any_row() */
	Size		length_for_any_row;
} RuleKey;

typedef struct RuleExpression
{
	const char *source;			/* for messages */
	Expr	   *expr;			/* planned */
	FmgrInfo	output;			/* writes its result */
	bool		is_bool;		/* its result is true or false instead */
	ExprState  *state;			/* in the rule's state_context; NULL until
								 * needed, and after an error */
} RuleExpression;

typedef struct Rule
{
	MemoryContext context;		/* holds all of this */
	char	   *relation_name;	/* for messages */
	char	   *trigger_name;
	RuleKey    *keys;
	int			key_count;
	RuleExpression *expressions;
	int			expression_count;
	bool		reads_settings; /* some part is RULE_OUTPUT_BY_SETTINGS */
	bool		reads_any_setting;	/* some expression may */
	ExprContext *econtext;		/* its per-tuple memory is for one row */
	MemoryContext state_context;	/* holds the expressions' states */
	bool		is_evaluating;	/* guards against an expression that fires its
								 * own rule */
	bool	   *has_warned;		/* outlives the rule, see rule_warn() */
} Rule;

/* One warning for each rule and backend; detail may be NULL. */
extern void rule_warn(const Rule *rule, const char *what, const char *detail);

#endif
