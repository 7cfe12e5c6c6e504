/*-------------------------------------------------------------------------
 *
 * renamed_columns.h
 *	  What a rule was written for, when columns have got other names since:
 *	  uncache.renamed_columns.
 *
 * Whoever makes the cache's keys goes by names: where a column of the name that a
 * rule was written for is there again, the rule is meant to read that one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RENAMED_COLUMNS_H
#define UNCACHE_RENAMED_COLUMNS_H

#include "rule/rule_scan.h"

/* A column's name in the rule as it was written, and that of the column now. */
typedef struct RenamedColumn
{
	const char *written;
	const char *followed;
} RenamedColumn;

typedef struct RenamedColumns
{
	StringArray arguments;		/* of the rule as it was written */
	List	   *columns;		/* RenamedColumn * */
} RenamedColumns;

/* Is nothing remembered of any rule?  Costs a look at the table's size. */
extern bool renamed_columns_is_empty(void);

/*
 * What is remembered of a rule, palloc'd.  If that is nothing, or belongs to another
 * rule that had its name: its arguments, and no columns.
 */
extern RenamedColumns *renamed_columns_get(const RuleTrigger *rule);

/* Remembers it, beside the arguments that the rule has now; without columns, forgets it. */
extern void renamed_columns_put(const RuleTrigger *rule, const StringArray *arguments,
								const RenamedColumns *renamed);

/* Forgets what is remembered of a table's rules (but of one alone, if it has a name). */
extern void renamed_columns_forget(Oid relation_id, const char *rule_name);

#endif
