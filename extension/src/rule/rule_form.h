/*-------------------------------------------------------------------------
 *
 * rule_form.h
 *	  How a rule's arguments are written.
 *
 * Each form has a module that reads such arguments and looks at nothing else, so that it works
 * for a table that is gone as well.  What that takes is described here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_FORM_H
#define UNCACHE_RULE_FORM_H

#include "base/invalidation.h"

typedef enum RuleForm
{
	RULE_FORM_TEMPLATES,		/* see template_arguments.h */
	RULE_FORM_QUERIES,			/* see query_arguments.h */
	RULE_FORM_CACHEOPS			/* see cacheops_arguments.h */
} RuleForm;

#define RULE_FORM_COUNT 3

/*
 * Takes what one argument can produce, for whatever row.  With INVALIDATION_RESYNC nobody
 * knows: target is "" then.  All is valid during the call only.
 */
typedef void (*RuleReachSink) (const char *target, InvalidationAction action,
							   const char *key, Size key_length, void *argument);

/* A question for all that a rule can produce. */
typedef struct RuleReach
{
	InvalidationAction invalidation;	/* of what its templates render to */
	bool		is_glob;		/* glob characters of a template's own text
								 * are wild */
	RuleReachSink sink;
	void	   *argument;		/* of the sink */
} RuleReach;

#endif
