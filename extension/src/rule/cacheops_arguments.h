/*-------------------------------------------------------------------------
 *
 * cacheops_arguments.h
 *	  Arguments of a cacheops rule: a table and items.
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
#ifndef UNCACHE_CACHEOPS_ARGUMENTS_H
#define UNCACHE_CACHEOPS_ARGUMENTS_H

#include "rule/rule_form.h"

typedef enum CacheopsItemKind
{
	CACHEOPS_ITEM_FIELD,
	CACHEOPS_ITEM_WITHOUT,
	CACHEOPS_ITEM_WITHOUT_OTHERS,	/* "-*" */
	CACHEOPS_ITEM_ZONE,
	CACHEOPS_ITEM_INVALID
} CacheopsItemKind;

typedef struct CacheopsItem
{
	CacheopsItemKind kind;
	const char *field;			/* palloc'd; of CACHEOPS_ITEM_FIELD */
	const char *name;			/* the column's or the zone's; borrowed */
} CacheopsItem;

extern CacheopsItem cacheops_arguments_parse_item(const char *text);

/*
 * Splits a first argument; false, with the reason in *problem, if it is none.  *target is
 * palloc'd, *table borrowed; both are set in any case.
 */
extern bool cacheops_arguments_parse_table(const char *argument, char **target, const char **table,
										   const char **problem);

/* Does an item say something about a column, about all, or about a field of its name? */
extern bool cacheops_arguments_mention(char *const *items, int item_count, const char *column);

/* Gives the table, for all that cacheops has of it. */
extern void cacheops_arguments_reach(const RuleReach *reach, char *const *arguments, int count);

/* Renames a column in the items that name it; see rule_action.h. */
extern bool cacheops_arguments_rename_column(char **arguments, int count,
											 const char *old_name, const char *new_name);

#endif
