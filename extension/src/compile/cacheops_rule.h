/*-------------------------------------------------------------------------
 *
 * cacheops_rule.h
 *	  What a compiled cacheops rule is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CACHEOPS_RULE_H
#define UNCACHE_CACHEOPS_RULE_H

#include "compile/rule.h"
#include "pgtime.h"

typedef enum CacheopsFieldKind
{
	CACHEOPS_BOOL,
	CACHEOPS_INT2,
	CACHEOPS_INT4,
	CACHEOPS_INT8,
	CACHEOPS_OID,
	CACHEOPS_FLOAT4,
	CACHEOPS_FLOAT8,
	CACHEOPS_NUMERIC,
	CACHEOPS_TEXT,
	CACHEOPS_PADDED_TEXT,		/* char(n) */
	CACHEOPS_UUID,
	CACHEOPS_DATE,
	CACHEOPS_TIME,
	CACHEOPS_TIMESTAMP,
	CACHEOPS_TIMESTAMPTZ,
	CACHEOPS_INTERVAL,
	CACHEOPS_INET,
	CACHEOPS_OUTPUT,			/* text of its type's output function */
	CACHEOPS_GUARDED_OUTPUT		/* the same of one that may fail, or reads
								 * settings */
} CacheopsFieldKind;

typedef struct CacheopsField
{
	CacheopsFieldKind kind;
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
	FmgrInfo	output;			/* of CACHEOPS_INET and the last two kinds */
} CacheopsField;

struct CacheopsRule
{
	const char *target;			/* zero-terminated */
	Size		target_length;
	const char *head;			/* JSON's text in front of the fields */
	Size		head_length;
	CacheopsField *fields;
	int			field_count;
	pg_tz	  **zones;			/* borrowed: PostgreSQL's for ever */
	int			zone_count;
	bool		has_guarded;	/* some field is computed, or is
								 * CACHEOPS_GUARDED_OUTPUT */
	bool		lacks_value;	/* some column cannot be computed: there are
								 * no images */
};

#endif
