/*-------------------------------------------------------------------------
 *
 * cacheops_rule.h
 *	  Compiles the arguments of a cacheops rule against its relation.
 *
 * The first argument is "[target://]table", as Django names the table.  Each
 * other one is an item:
 *
 *	field=column	the column is the field's, whatever its type
 *	-column			the column is left out
 *	-*				all columns are left out that no item names
 *	@zone			texts of datetimes may be in this time zone as well
 *
 * Columns that are not mentioned are fields of their own names, if the texts that
 * Python makes of their values are known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CACHEOPS_RULE_H
#define UNCACHE_CACHEOPS_RULE_H

#include "compile/rule_template.h"
#include "pgtime.h"
#include "rule/rule_reach.h"

typedef enum RowFieldKind
{
	ROW_BOOL,
	ROW_INT2,
	ROW_INT4,
	ROW_INT8,
	ROW_OID,
	ROW_FLOAT4,
	ROW_FLOAT8,
	ROW_NUMERIC,
	ROW_TEXT,
	ROW_PADDED_TEXT,			/* char(n) */
	ROW_UUID,
	ROW_DATE,
	ROW_TIME,
	ROW_TIMESTAMP,
	ROW_TIMESTAMPTZ,
	ROW_INTERVAL,
	ROW_INET,
	ROW_OUTPUT,					/* text of its type's output function */
	ROW_GUARDED_OUTPUT			/* the same of one that may fail, or reads
								 * settings */
} RowFieldKind;

typedef struct RowField
{
	RowFieldKind kind;
	AttrNumber	column;
	bool		is_key;			/* others may refer to a row by it */
	bool		is_computed;	/* the column is virtual */
	int			expression;		/* of these: index into Rule's expressions, or
								 * -1: see lacks_value */
	const char *head;			/* JSON's text in front of the value */
	Size		head_length;
	int			digits;			/* of a numeric, 0 without bounds */
	int			scale;			/* likewise */
	const char *zero;			/* JSON's text of its zero; NULL without
								 * bounds */
	Size		zero_length;
	FmgrInfo	output;			/* of ROW_INET and the last two kinds */
} RowField;

struct RuleRow
{
	const char *target;			/* zero-terminated */
	Size		target_length;
	const char *head;			/* JSON's text in front of the fields */
	Size		head_length;
	RowField   *fields;
	int			field_count;
	pg_tz	  **zones;			/* borrowed: PostgreSQL's for ever */
	int			zone_count;
	bool		has_guarded;	/* some field is computed, or is
								 * ROW_GUARDED_OUTPUT */
	bool		lacks_value;	/* some column cannot be computed: there are
								 * no images */
};

/* Fills in rule->row.  What is wrong with the arguments is as with a template. */
extern void rule_row_compile(RuleCompiler *compiler, char *const *arguments, int count);

/* Gives the table that a first argument names, for all that cacheops has of it. */
extern void rule_row_for_any_row(const char *argument, RuleAnyRowSink sink,
								 void *sink_argument);

/* The item with the column's new name if it names it, palloc'd; else NULL. */
extern char *rule_row_rename(const char *item, const char *old_name, const char *new_name);

#endif
