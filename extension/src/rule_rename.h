/*-------------------------------------------------------------------------
 *
 * rule_rename.h
 *	  Makes the placeholders of rules follow a column's new name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_RENAME_H
#define UNCACHE_RULE_RENAME_H

#include "nodes/pg_list.h"

/* In the rules of these tables (OIDs).  */
extern void rule_rename_column(const List *relation_ids, const char *old_name, const char *new_name);

#endif
