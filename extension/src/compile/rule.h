/*-------------------------------------------------------------------------
 *
 * rule.h
 *	  What a compiled rule is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_H
#define UNCACHE_RULE_H

#include "executor/spi.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "lib/stringinfo.h"
#include "nodes/execnodes.h"
#include "rule/rule_action.h"

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
	InvalidationAction action;	/* of a key in which every part has a value */
	bool		is_glob;		/* glob characters of literals are wild */
	const char *target;			/* zero-terminated */
	Size		target_length;
	RulePart   *parts;
	int			part_count;
	bool		has_wildcard;	/* some part is RULE_WILDCARD */
	bool		is_reach_pattern;
	const char *reach;			/* see template_reach() */
	Size		reach_length;
} RuleKey;

typedef struct RuleExpression
{
	const char *source;			/* for messages */
	Expr	   *expr;			/* planned */
	FmgrInfo	output;			/* writes its result */
	bool		is_bool;		/* its result is true or false instead */
	ExprState  *state;			/* in the rule's state_context; NULL until
								 * needed, and after an error */
	bool		is_varlena;		/* its result; known once it has a state */
} RuleExpression;

typedef struct RuleParameter
{
	Expr	   *expr;			/* planned */
	ExprState  *state;			/* as an expression's */
	Oid			type_id;
	int16		type_length;
	bool		type_by_value;
} RuleParameter;

typedef struct RuleQuery
{
	const char *source;			/* for messages */
	const char *sql;			/* with $1 … for its placeholders; NULL if
								 * that cannot be made of it */
	RuleParameter *parameters;
	int			parameter_count;
	SPIPlanPtr	plan;			/* NULL until prepared */
	Oid		   *types;			/* of the parameters */
	const Admission *admission; /* the rule's */
	bool		may_analyze;	/* PostgreSQL may analyze it again */
	bool		is_outdated;	/* it had to, and might not */
	TimestampTz failed_at;		/* start of the last transaction in which it
								 * could not be prepared, or had to wait */
	int			first_key;		/* among the rule's keys: what it can return; */
	int			key_count;		/* 0 if nobody knows */
} RuleQuery;

/*
 * A type that a query uses, or that one of these is made of, or a heir or partition of a table
 * that it reads: what makes the rule outdated when it changes, for its owner may.
 */
typedef struct RuleType
{
	uint32		hash;			/* of its row in the cache of pg_type, else 0 */
	Oid			relation_id;	/* if it is one, or a row's, else InvalidOid */
} RuleType;

typedef struct CacheopsRule CacheopsRule;	/* see compile/cacheops_rule.h */
typedef struct RuleOffer RuleOffer; /* see rule_share.c */

typedef struct Rule
{
	RuleAction	action;
	MemoryContext context;		/* holds all of this */
	char	   *relation_name;	/* for messages */
	char	   *trigger_name;
	Oid			relation_id;
	Admission	admission;		/* whose rights its queries have, and what
								 * they may use */
	Oid			author_id;		/* the role, or InvalidOid: they are not to be
								 * run */
	RuleKey    *keys;
	int			key_count;
	RuleExpression *expressions;
	int			expression_count;
	RuleQuery  *queries;
	int			query_count;
	RuleType   *types;
	int			type_count;
	CacheopsRule *cacheops;		/* of a cacheops rule, else NULL */
	bool		reads_settings; /* some part is RULE_OUTPUT_BY_SETTINGS */
	bool		reads_any_setting;	/* some expression may */
	ExprContext *econtext;		/* its per-tuple memory is for one row */
	MemoryContext state_context;	/* holds the states of expressions and
									 * parameters */
	StringInfoData key_buffer;	/* scratch space of render.c */
	bool		is_guarded;		/* the states are for a session with temporary
								 * objects, see query_guard_has_temporary() */
	bool		reads_rows;		/* some expression looks at a row's type,
								 * whose table may be locked */
	bool		is_evaluating;	/* guards against an expression that fires its
								 * own rule */
	bool	   *has_warned;		/* outlives the rule, see rule_warn() */
	TimestampTz failed_at;		/* start of the last transaction in which
								 * rule_warn_of_error() told what may pass */
	bool		is_provisional; /* compiling met what may pass */
	int			user_count;		/* entries of rule_cache.c that have it */
	RuleOffer  *offer;			/* NULL if it serves one trigger only */
} Rule;

/* Types that one of its queries uses, as OIDs, to those of the others. */
extern void rule_add_types(Rule *rule, const List *type_ids);

/* The same of heirs and partitions. */
extern void rule_add_relations(Rule *rule, const List *relation_ids);

/* The state by which an expression is evaluated, in the rule's state_context. */
extern ExprState *rule_expression_state(Rule *rule, RuleExpression *expression);

/* Forgets the states of expressions and parameters, after an error in one. */
extern void rule_forget_states(Rule *rule);

/*
 * One warning for each rule and backend; detail may be NULL.  Where the current user
 * may not see the rows that the rule has read, the detail goes to the log only.
 */
extern void rule_warn(const Rule *rule, const char *what, const char *detail);

/*
 * Warns of an error in a part of the rule, e.g. "query \"...\"".  If the error may
 * pass by itself, the warning says so: one for each rule and transaction, and the
 * one of rule_warn() is not used up.
 */
extern void rule_warn_of_error(Rule *rule, const char *part, const ErrorData *error);

/*
 * The same of an error in compiling a part, e.g. "placeholder {...}".  If it may pass,
 * the rule is provisional: good for this transaction.
 */
extern void rule_warn_of_compile_error(Rule *rule, const char *part, const ErrorData *error);

/* A query could not be compiled: what it reads may be there in another transaction. */
extern void rule_try_again(Rule *rule);

/* Is it to be compiled once more, since what was in the way may have passed? */
extern bool rule_is_outdated(const Rule *rule);

#endif
