/*-------------------------------------------------------------------------
 *
 * table_family.c
 *	  Which tables show a table's rows, or values of a type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/dead_row.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "rule/table_family.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(uncache_heirs);

/* The tables and types that are known to use what was asked for. */
typedef struct Users
{
	HTAB	   *known;			/* of ObjectKey */
	List	   *next;			/* of ObjectKey *, to be looked at */
	bool		with_views;
	List	   *tables;
} Users;

typedef struct ObjectKey
{
	Oid			class_id;
	Oid			object_id;
} ObjectKey;

static bool
is_table(Oid relation_id)
{
	char		kind = get_rel_relkind(relation_id);

	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ||
		kind == RELKIND_FOREIGN_TABLE;
}

/* Is it to be listed? */
static bool
is_user(const Users *users, Oid relation_id)
{
	return is_table(relation_id) ||
		(users->with_views && get_rel_relkind(relation_id) == RELKIND_MATVIEW);
}

static void
add_user(Users *users, Oid class_id, Oid object_id)
{
	ObjectKey	key = {class_id, object_id};
	ObjectKey  *entry;
	bool		found;

	if ((class_id != RelationRelationId && class_id != TypeRelationId) || !OidIsValid(object_id))
		return;
	entry = hash_search(users->known, &key, HASH_ENTER, &found);
	if (found)
		return;
	users->next = lappend(users->next, entry);
	if (class_id == RelationRelationId && is_user(users, object_id))
		users->tables = lappend_oid(users->tables, object_id);
}

/* Adds what depends on an object. */
static void
add_dependents(Users *users, Relation depends, const ObjectKey *key)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(key->class_id));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(key->object_id));
	scan = systable_beginscan(depends, DependReferenceIndexId, true, NULL, 2, keys);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		add_user(users, form->classid, form->objid);
	}
	systable_endscan(scan);
}

static Users
begin_users(void)
{
	HASHCTL		control = {.keysize = sizeof(ObjectKey),.entrysize = sizeof(ObjectKey),
	.hcxt = CurrentMemoryContext};
	Users		users = {.known = hash_create("uncache users", 64, &control,
											  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT)};

	return users;
}

static List *
end_users(Users *users)
{
	hash_destroy(users->known);
	list_free(users->next);
	return users->tables;
}

List *
table_family_users(Oid class_id, Oid object_id)
{
	Users		users = begin_users();
	Relation	depends = table_open(DependRelationId, AccessShareLock);
	ListCell   *cell;

	users.with_views = true;
	add_user(&users, class_id, object_id);
	/* the list grows while it is walked */
	foreach(cell, users.next)
	{
		const ObjectKey *key = lfirst(cell);

		add_dependents(&users, depends, key);
		if (key->class_id == RelationRelationId)
			add_user(&users, TypeRelationId, get_rel_type_id(key->object_id));
	}
	table_close(depends, AccessShareLock);
	return end_users(&users);
}

List *
table_family_in_schema(Oid schema_id)
{
	const ObjectKey key = {NamespaceRelationId, schema_id};
	Users		users = begin_users();
	Relation	depends = table_open(DependRelationId, AccessShareLock);

	add_dependents(&users, depends, &key);
	table_close(depends, AccessShareLock);
	return end_users(&users);
}

/* The parents of one table, as far as they are not listed yet. */
static List *
add_parents(List *tables, Relation inherits, Oid relation_id)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation_id));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		tables = list_append_unique_oid(tables, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	return tables;
}

List *
table_family_former_parents(Oid relation_id)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *tables = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation_id));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, SnapshotAny, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Oid			parent_id = ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent;

		if (dead_row_died_here(tuple) && get_rel_relkind(parent_id) != '\0')
			tables = list_append_unique_oid(tables, parent_id);
	}
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return tables;
}

List *
table_family_ancestors(Oid relation_id)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *tables = add_parents(NIL, inherits, relation_id);
	ListCell   *cell;

	foreach(cell, tables)
		tables = add_parents(tables, inherits, lfirst_oid(cell));
	table_close(inherits, AccessShareLock);
	return tables;
}

List *
table_family_heirs(Oid relation_id)
{
	if (get_rel_relkind(relation_id) == '\0')
		return NIL;
	return find_all_inheritors(relation_id, NoLock, NULL);
}

List *
table_family_partitions(Oid relation_id)
{
	if (get_rel_relkind(relation_id) != RELKIND_PARTITIONED_TABLE)
		return list_make1_oid(relation_id);
	return table_family_heirs(relation_id);
}

static bool
is_of_type(Oid relation_id, Oid type_id)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation_id));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_class) GETSTRUCT(tuple))->reloftype == type_id;
		ReleaseSysCache(tuple);
	}
	return result;
}

List *
table_family_sharers(Oid relation_id)
{
	List	   *tables = list_copy(table_family_heirs(relation_id));
	Oid			type_id = get_rel_type_id(relation_id);
	ListCell   *cell;

	if (!OidIsValid(type_id))
		return tables;
	foreach(cell, table_family_users(TypeRelationId, type_id))
	{
		if (is_of_type(lfirst_oid(cell), type_id))
			tables = list_concat_unique_oid(tables, table_family_heirs(lfirst_oid(cell)));
	}
	return tables;
}

/* heirs(relation oid) → oid[]: as table_family_heirs() */
Datum
uncache_heirs(PG_FUNCTION_ARGS)
{
	List	   *tables = table_family_heirs(PG_GETARG_OID(0));
	Datum	   *elements = palloc(list_length(tables) * sizeof(Datum));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, tables)
		elements[count++] = ObjectIdGetDatum(lfirst_oid(cell));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}
