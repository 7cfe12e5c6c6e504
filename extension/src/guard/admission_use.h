/*-------------------------------------------------------------------------
 *
 * admission_use.h
 *	  What a rule's queries use, and whether that is what was admitted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_ADMISSION_USE_H
#define UNCACHE_ADMISSION_USE_H

#include "guard/admission.h"

/*
 * What can make somebody's code run among objects (ObjectAddress *; see
 * rule_objects_add()): functions, relations with what stands behind views, types, each
 * with its owner.  Texts that pg_upgrade keeps; palloc'd.
 */
extern StringArray admission_use_describe(List *objects);

/* The same of those that belong to a role, to the current user or to a superuser. */
extern StringArray admission_use_describe_owned(List *objects, Oid role_id);

/*
 * A digest of the same, of RULE_AUTHOR_USE_LENGTH digits, by the names of owners, so that
 * it is good in another cluster; palloc'd.  "" of nothing.
 */
extern char *admission_use_digest(List *objects);

/* The types among these objects and all that they are made of, as OIDs. */
extern List *admission_use_find_types(List *objects);

/*
 * Raises if an analyzed expression or query uses what was not admitted, or a type that belongs
 * neither to its author nor to a superuser.
 */
extern void admission_use_check(const Admission *admission, List *objects);

#endif
