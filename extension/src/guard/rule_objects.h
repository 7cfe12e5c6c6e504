/*-------------------------------------------------------------------------
 *
 * rule_objects.h
 *	  Lists the objects that an analyzed expression or query depends on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_OBJECTS_H
#define UNCACHE_RULE_OBJECTS_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/*
 * Appends to a list of ObjectAddress * each object that is not PostgreSQL's own and is not
 * in the list: relations and their columns, functions, operators, types (of arrays
 * those of the elements, too), collations; and those of PostgreSQL's functions that
 * builtin_function.h keeps from queries.  A relation stands there with column 0 if
 * its whole rows are read, or none of its columns; an expression's own relation does
 * not.  Allocates in the current memory context.
 */
extern List *rule_objects_add(List *objects, Node *node);

/* Appends a type, a function or a relation, which may be InvalidOid, in the same way. */
extern List *rule_objects_add_type(List *objects, Oid type_id);
extern List *rule_objects_add_function(List *objects, Oid function_id);
extern List *rule_objects_add_relation(List *objects, Oid relation_id);

/*
 * Appends what an object, if it is a type, is made of: a row's columns, an array's elements,
 * what is below a domain, a range or a multirange.
 */
extern List *rule_objects_add_type_parts(List *objects, const ObjectAddress *object);

#endif
