/*-------------------------------------------------------------------------
 *
 * use_parts.c
 *	  What stands behind an object that a query uses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "guard/rule_objects.h"
#include "guard/use_parts.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* What a view selects is what whoever selects from it runs. */
static List *
add_view(List *objects, const ObjectAddress *object)
{
	Relation	view;

	if (object->classId != RelationRelationId || get_rel_relkind(object->objectId) != RELKIND_VIEW)
		return objects;
	view = try_relation_open(object->objectId, AccessShareLock);
	if (view == NULL)
		return objects;
	objects = rule_objects_add(objects, (Node *) get_view_query(view));
	relation_close(view, NoLock);
	return objects;
}

static List *
add_defaults(List *objects, HeapTuple tuple)
{
	bool		is_null;
	Datum		defaults = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &is_null);

	return is_null ? objects : rule_objects_add(objects, stringToNode(TextDatumGetCString(defaults)));
}

static List *
add_aggregate(List *objects, Oid function_id)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function_id));
	Form_pg_aggregate form;

	if (!HeapTupleIsValid(tuple))
		return objects;
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	objects = rule_objects_add_function(objects, form->aggtransfn);
	objects = rule_objects_add_function(objects, form->aggfinalfn);
	objects = rule_objects_add_function(objects, form->aggcombinefn);
	objects = rule_objects_add_function(objects, form->aggserialfn);
	objects = rule_objects_add_function(objects, form->aggdeserialfn);
	objects = rule_objects_add_function(objects, form->aggmtransfn);
	objects = rule_objects_add_function(objects, form->aggminvtransfn);
	objects = rule_objects_add_function(objects, form->aggmfinalfn);
	objects = rule_objects_add_type(objects, form->aggtranstype);
	objects = rule_objects_add_type(objects, form->aggmtranstype);
	ReleaseSysCache(tuple);
	return objects;
}

/* What stands behind a function's name: not its body, which is its owner's. */
static List *
add_function_parts(List *objects, const ObjectAddress *object)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	int			i;

	if (object->classId != ProcedureRelationId)
		return objects;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(object->objectId));
	if (!HeapTupleIsValid(tuple))
		return objects;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	objects = rule_objects_add_type(objects, form->prorettype);
	for (i = 0; i < form->proargtypes.dim1; i++)
		objects = rule_objects_add_type(objects, form->proargtypes.values[i]);
	objects = add_defaults(objects, tuple);
	ReleaseSysCache(tuple);
	return add_aggregate(objects, object->objectId);
}

List *
use_parts_add(List *objects, const ObjectAddress *object)
{
	objects = add_view(objects, object);
	objects = rule_objects_add_type_parts(objects, object);
	return add_function_parts(objects, object);
}
