/*-------------------------------------------------------------------------
 *
 * user_code.c
 *	  Finds functions that a rule's query must not make PostgreSQL call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "base/compat.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "guard/builtin_function.h"
#include "guard/query_guard.h"
#include "guard/rule_objects.h"
#include "guard/use_parts.h"
#include "guard/user_code.h"
#include "nodes/nodeFuncs.h"
#include "rule/table_family.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* An object, or a partitioned table whose key was looked at: of PartitionedRelationId. */
typedef struct Seen
{
	Oid			class_id;
	Oid			object_id;
} Seen;

typedef struct Search
{
	List	   *objects;		/* ObjectAddress *: all that was reached */
	HTAB	   *seen;			/* of them, those that were looked at: Seen */
	List	   *heirs;			/* OIDs, each once */
} Search;

/* False if it was seen before: a relation is listed once for each of its columns. */
static bool
see(Search *search, Oid class_id, Oid object_id)
{
	const Seen	key = {class_id, object_id};
	bool		was_seen;

	(void) hash_search(search->seen, &key, HASH_ENTER, &was_seen);
	return !was_seen;
}

static bool
is_reached(const Search *search, Oid type_id)
{
	const Seen	key = {TypeRelationId, type_id};

	return hash_search(search->seen, &key, HASH_FIND, NULL) != NULL;
}

static void
refuse(Oid function_id, const ObjectAddress *caller)
{
	query_guard_refuse(function_id, caller == NULL ? NULL :
					   psprintf("%s %s", compat_object_type(caller), compat_object_identity(caller)));
}

static void
check_function(Oid function_id, const ObjectAddress *caller)
{
	if (query_guard_refuses(function_id))
		refuse(function_id, caller);
}

/* One that a tree calls; the caller is NULL if the query itself is it. */
static void
check_call(Oid function_id, const ObjectAddress *caller)
{
	if (query_guard_refuses_call(function_id))
		refuse(function_id, caller);
}

static void
check_functions(const List *objects, const ObjectAddress *caller)
{
	const ListCell *cell;

	foreach(cell, objects)
	{
		const ObjectAddress *object = lfirst(cell);

		if (object->classId == ProcedureRelationId)
			check_call(object->objectId, caller);
	}
}

/* PostgreSQL's own whose bodies the writer's search path would give a meaning. */
static bool
check_own_functions(Oid function_id, void *caller)
{
	if (builtin_function_looks_up_names(function_id))
		refuse(function_id, caller);
	return false;
}

static bool
check_stored(Node *node, void *caller)
{
	if (node == NULL)
		return false;
	(void) check_functions_in_node(node, check_own_functions, caller);
	return expression_tree_walker(node, check_stored, caller);
}

/* An expression that an object has in a catalog, and PostgreSQL keeps planned in a session. */
static void
add_stored(Search *search, Relation catalog, HeapTuple tuple, AttrNumber column, Oid class_id, Oid object_id)
{
	bool		is_null;
	Datum		stored = heap_getattr(tuple, column, RelationGetDescr(catalog), &is_null);
	ObjectAddress object;
	Node	   *node;

	if (is_null)
		return;
	ObjectAddressSet(object, class_id, object_id);
	node = stringToNode(TextDatumGetCString(stored));
	(void) check_stored(node, &object);
	check_functions(rule_objects_add(NIL, node), &object);
	search->objects = rule_objects_add(search->objects, node);
}

typedef void (*RowVisitor) (Search *search, Relation catalog, HeapTuple row);

static void
visit_rows(Search *search, Oid catalog_id, Oid index_id, AttrNumber column, StrategyNumber strategy,
		   Oid function_id, Oid value, RowVisitor visit)
{
	Relation	catalog = table_open(catalog_id, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, column, strategy, function_id, ObjectIdGetDatum(value));
	scan = systable_beginscan(catalog, index_id, true, NULL, 1, &key);
	while ((row = systable_getnext(scan)) != NULL)
		visit(search, catalog, row);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

static void
visit_rows_of(Search *search, Oid catalog_id, Oid index_id, AttrNumber column, Oid object_id, RowVisitor visit)
{
	visit_rows(search, catalog_id, index_id, column, BTEqualStrategyNumber, F_OIDEQ, object_id, visit);
}

/* --- types --- */

static void
add_constraint(Search *search, Relation constraints, HeapTuple row)
{
	add_stored(search, constraints, row, Anum_pg_constraint_conbin, TypeRelationId,
			   ((Form_pg_constraint) GETSTRUCT(row))->contypid);
}

static void
check_range(const ObjectAddress *type)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type->objectId));

	if (!HeapTupleIsValid(tuple))
		return;
	check_function(((Form_pg_range) GETSTRUCT(tuple))->rngcanonical, type);
	check_function(((Form_pg_range) GETSTRUCT(tuple))->rngsubdiff, type);
	ReleaseSysCache(tuple);
}

static void
add_type(Search *search, const ObjectAddress *type)
{
	if (get_typtype(type->objectId) == TYPTYPE_DOMAIN)
		visit_rows_of(search, ConstraintRelationId, ConstraintTypidIndexId,
					  Anum_pg_constraint_contypid, type->objectId, add_constraint);
	check_range(type);
}

/* --- relations --- */

static void
add_index(Search *search, Relation indexes, HeapTuple row)
{
	Oid			index_id = ((Form_pg_index) GETSTRUCT(row))->indexrelid;

	add_stored(search, indexes, row, Anum_pg_index_indexprs, RelationRelationId, index_id);
	add_stored(search, indexes, row, Anum_pg_index_indpred, RelationRelationId, index_id);
}

/* Its bounds are sorted whenever a session first looks at it. */
static void
add_partition_key(Search *search, Relation keys, HeapTuple row)
{
	Form_pg_partitioned_table form = (Form_pg_partitioned_table) GETSTRUCT(row);
	int			i;

	for (i = 0; i < form->partnatts; i++)
	{
		if (form->partattrs.values[i] != 0)
			search->objects = rule_objects_add_type(search->objects,
													get_atttype(form->partrelid, form->partattrs.values[i]));
	}
	add_stored(search, keys, row, Anum_pg_partitioned_table_partexprs, RelationRelationId, form->partrelid);
}

static void
add_partition_key_of(Search *search, Oid relation_id)
{
	if (see(search, PartitionedRelationId, relation_id))
		visit_rows_of(search, PartitionedRelationId, PartitionedRelidIndexId, Anum_pg_partitioned_table_partrelid,
					  relation_id, add_partition_key);
}

static void
add_indexes(Search *search, Oid relation_id)
{
	visit_rows_of(search, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, relation_id, add_index);
}

/* The planner opens those below it, with their indexes. */
static void
add_heirs(Search *search, Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, table_family_heirs(relation_id))
	{
		Oid			heir_id = lfirst_oid(cell);

		if (!see(search, RelationRelationId, heir_id))
			continue;
		search->heirs = lappend_oid(search->heirs, heir_id);
		add_indexes(search, heir_id);
		add_partition_key_of(search, heir_id);
	}
}

/* What rows a partition has is told by the keys of those above it. */
static void
add_relation(Search *search, const ObjectAddress *relation)
{
	ListCell   *cell;

	add_indexes(search, relation->objectId);
	add_partition_key_of(search, relation->objectId);
	foreach(cell, table_family_ancestors(relation->objectId))
		add_partition_key_of(search, lfirst_oid(cell));
	add_heirs(search, relation->objectId);
}

/* --- operators --- */

/* The planner may take one that means the same with its operands exchanged, or the contrary. */
static void
check_operator(const ObjectAddress *operator)
{
	const Oid	operators[] = {operator->objectId, get_commutator(operator->objectId), get_negator(operator->objectId)};
	int			i;

	for (i = 0; i < lengthof(operators); i++)
		check_function(OidIsValid(operators[i]) ? get_opcode(operators[i]) : InvalidOid, operator);
}

/* Another type's values may be taken for values of this one. */
static bool
is_cast_to(Oid type_id)
{
	Relation	casts = table_open(CastRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_cast_casttarget, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type_id));
	scan = systable_beginscan(casts, InvalidOid, false, NULL, 1, &key);
	while (!result && (row = systable_getnext(scan)) != NULL)
		result = ((Form_pg_cast) GETSTRUCT(row))->castmethod == COERCION_METHOD_BINARY;
	systable_endscan(scan);
	table_close(casts, AccessShareLock);
	return result;
}

/* Of PostgreSQL's own types most occur in any query. */
static void
check_member(const Search *search, Oid function_id, Oid family_id, Oid left_id, Oid right_id)
{
	const Oid	types[] = {left_id, right_id};
	ObjectAddress family;
	int			i;

	if (!query_guard_refuses(function_id))
		return;
	ObjectAddressSet(family, OperatorFamilyRelationId, family_id);
	for (i = 0; i < lengthof(types); i++)
	{
		if (types[i] < FirstNormalObjectId || is_reached(search, types[i]) || is_cast_to(types[i]))
			check_function(function_id, &family);
	}
}

static void
check_support(Search *search, Relation functions, HeapTuple row)
{
	Form_pg_amproc form = (Form_pg_amproc) GETSTRUCT(row);

	check_member(search, form->amproc, form->amprocfamily, form->amproclefttype, form->amprocrighttype);
}

static void
check_family_operator(Search *search, Relation operators, HeapTuple row)
{
	Form_pg_amop form = (Form_pg_amop) GETSTRUCT(row);

	check_member(search, get_opcode(form->amopopr), form->amopfamily, form->amoplefttype, form->amoprighttype);
}

/* Sorting, comparing and hashing find their functions in operator families, by types alone. */
static void
check_families(Search *search)
{
	visit_rows(search, AccessMethodProcedureRelationId, AccessMethodProcedureOidIndexId, Anum_pg_amproc_oid,
			   BTGreaterEqualStrategyNumber, F_OIDGE, FirstNormalObjectId, check_support);
	visit_rows(search, AccessMethodOperatorRelationId, AccessMethodOperatorOidIndexId, Anum_pg_amop_oid,
			   BTGreaterEqualStrategyNumber, F_OIDGE, FirstNormalObjectId, check_family_operator);
}

/* --- all of it --- */

static void
add_parts(Search *search, const ObjectAddress *object)
{
	search->objects = use_parts_add(search->objects, object);
	switch (object->classId)
	{
		case ProcedureRelationId:
			check_call(object->objectId, NULL);
			break;
		case OperatorRelationId:
			check_operator(object);
			break;
		case TypeRelationId:
			add_type(search, object);
			break;
		case RelationRelationId:
			add_relation(search, object);
			break;
		default:
			break;
	}
}

static HTAB *
create_seen(void)
{
	HASHCTL		control = {.keysize = sizeof(Seen),.entrysize = sizeof(Seen),.hcxt = CurrentMemoryContext};

	return hash_create("uncache objects of a query", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

List *
user_code_check(List *objects)
{
	Search		search = {.objects = list_copy(objects),.seen = create_seen()};
	int			i;

	/* the list grows while it is walked */
	for (i = 0; i < list_length(search.objects); i++)
	{
		const ObjectAddress *object = list_nth(search.objects, i);

		if (see(&search, object->classId, object->objectId))
			add_parts(&search, object);
	}
	check_families(&search);
	hash_destroy(search.seen);
	return search.heirs;
}
