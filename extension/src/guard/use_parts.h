/*-------------------------------------------------------------------------
 *
 * use_parts.h
 *	  What stands behind an object that a query uses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_USE_PARTS_H
#define UNCACHE_USE_PARTS_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/*
 * Appends to a list of ObjectAddress * (see rule_objects_add()) what a view selects, what a type
 * is made of, and of a function the types, defaults and parts of an aggregate; but not its body.
 */
extern List *use_parts_add(List *objects, const ObjectAddress *object);

#endif
