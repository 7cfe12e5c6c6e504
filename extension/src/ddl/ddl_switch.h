/*-------------------------------------------------------------------------
 *
 * ddl_switch.h
 *	  Rules that ALTER TABLE … DISABLE or ENABLE TRIGGER switches off and on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_SWITCH_H
#define UNCACHE_DDL_SWITCH_H

#include "nodes/pg_list.h"

/*
 * Invalidates what the rules of these tables (OIDs) can produce whose sessions the
 * command has just changed: nobody knows what passed by them.  One that is switched
 * on again fires always, as watch() makes it, and not in ordinary sessions only.
 */
extern void ddl_switch_follow(const List *relation_ids);

#endif
