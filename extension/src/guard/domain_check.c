/*-------------------------------------------------------------------------
 *
 * domain_check.c
 *	  Finds domains whose CHECK means what the writer's search path makes of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/compat.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "guard/domain_check.h"
#include "guard/query_guard.h"
#include "guard/rule_objects.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static List *
add_constraint(List *objects, Relation constraints, HeapTuple tuple)
{
	bool		is_null;
	Datum		expression = heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &is_null);

	return is_null ? objects : rule_objects_add(objects, stringToNode(TextDatumGetCString(expression)));
}

/* What the constraints of a type, if it is a domain, depend on. */
static List *
add_constraints(List *objects, const ObjectAddress *object)
{
	Relation	constraints;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (object->classId != TypeRelationId || get_typtype(object->objectId) != TYPTYPE_DOMAIN)
		return objects;
	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		objects = add_constraint(objects, constraints, tuple);
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return objects;
}

/* What a function's analyzed body depends on. */
static List *
add_body(List *objects, const ObjectAddress *object)
{
	HeapTuple	tuple;
	Node	   *body;

	if (object->classId != ProcedureRelationId)
		return objects;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(object->objectId));
	if (!HeapTupleIsValid(tuple))
		return objects;
	body = compat_parsed_body(tuple);
	ReleaseSysCache(tuple);
	return rule_objects_add(objects, body);
}

/* One with settings is called rather than taken in. */
static bool
is_unpinned(const ObjectAddress *object)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	bool		has_settings;
	bool		result;

	if (object->classId != ProcedureRelationId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(object->objectId));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	has_settings = !heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	result = form->prolang == SQLlanguageId && !form->prosecdef && !has_settings && !compat_has_parsed_body(tuple);
	ReleaseSysCache(tuple);
	return result;
}

/* What the CHECKs of all domains reach. */
static List *
find_in_checks(List *objects)
{
	List	   *reached = NIL;
	int			i;

	for (i = 0; i < list_length(objects); i++)
	{
		objects = rule_objects_add_type_parts(objects, list_nth(objects, i));
		objects = add_body(objects, list_nth(objects, i));
		reached = add_constraints(reached, list_nth(objects, i));
	}
	for (i = 0; i < list_length(reached); i++)
	{
		reached = rule_objects_add_type_parts(reached, list_nth(reached, i));
		reached = add_body(reached, list_nth(reached, i));
		reached = add_constraints(reached, list_nth(reached, i));
	}
	return reached;
}

Oid
domain_check_find_unpinned(List *objects)
{
	ListCell   *cell;

	foreach(cell, find_in_checks(list_copy(objects)))
	{
		const ObjectAddress *object = lfirst(cell);

		if (is_unpinned(object))
			return object->objectId;
	}
	return InvalidOid;
}

Oid
domain_check_find_refused(List *objects)
{
	int			i;

	/* the list grows while it is walked */
	for (i = 0; i < list_length(objects); i++)
	{
		const ObjectAddress *object = list_nth(objects, i);

		if (object->classId == ProcedureRelationId && query_guard_is_unpinned(object->objectId))
			return object->objectId;
		objects = rule_objects_add_type_parts(objects, object);
		objects = add_body(objects, object);
		objects = add_constraints(objects, object);
	}
	return InvalidOid;
}
