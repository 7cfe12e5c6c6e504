/*-------------------------------------------------------------------------
 *
 * rule_dependency.h
 *	  Which rules read an object: uncache.dependencies.
 *
 * In pg_depend a rule would keep what it reads from being dropped, or go with
 * it.  What is remembered here only serves to tell whom a command has broken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_DEPENDENCY_H
#define UNCACHE_RULE_DEPENDENCY_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/* A rule's trigger reads these objects (ObjectAddress *), and no others. */
extern void rule_dependency_put(Oid trigger_id, const List *objects);

/* A rule's trigger is gone. */
extern void rule_dependency_forget(Oid trigger_id);

/* That a rule reads an object. */
typedef struct RuleDependency
{
	Oid			trigger_id;
	char	   *name;			/* the object's identity when the rule was
								 * made */
} RuleDependency;

/*
 * The rules that read an object, as RuleDependency *, each once; with a subobject of
 * 0 any part of it.  What a look costs depends on their number alone.
 */
extern List *rule_dependency_find(const ObjectAddress *object);

/*
 * Of these, those that know the object by another name than it has now: the text of a
 * rule finds things by their names.
 */
extern List *rule_dependency_find_renamed(const ObjectAddress *object);

#endif
