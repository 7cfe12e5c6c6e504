/*-------------------------------------------------------------------------
 *
 * query_arguments.h
 *	  Arguments that are queries, each followed by templates of globs.
 *
 * The globs match what the query may return, for when it cannot be run.  Without any, its
 * text may show them.  How an author stands in front of all of it is told in rule_author.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_QUERY_ARGUMENTS_H
#define UNCACHE_QUERY_ARGUMENTS_H

#include "rule/rule_form.h"

/* The index behind the globs of the query at index first: of the next query, or count. */
extern int	query_arguments_next(char *const *arguments, int count, int first);

/* Gives the globs of each query; INVALIDATION_RESYNC for one that has none. */
extern void query_arguments_reach(const RuleReach *reach, char *const *arguments, int count);

#endif
