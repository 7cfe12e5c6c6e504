/*-------------------------------------------------------------------------
 *
 * rule_dependency.c
 *	  Which rules read an object: uncache.dependencies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "own/catalog.h"
#include "own/own_scan.h"
#include "own/own_sql.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "watch/rule_dependency.h"

/* Columns of uncache.dependencies that are looked up by, in the index's order. */
static const char *const key_columns[] = {"class", "object", "subobject"};

static char *
number_text(int64 number)
{
	return psprintf(INT64_FORMAT, number);
}

void
rule_dependency_put(Oid trigger_id, const List *objects)
{
	ListCell   *cell;

	rule_dependency_forget(trigger_id);
	foreach(cell, objects)
	{
		const ObjectAddress *object = lfirst(cell);
		const char *const arguments[] = {
			number_text(object->classId), number_text(object->objectId),
			number_text(object->objectSubId), number_text(trigger_id),
			compat_object_identity(object)
		};

		(void) own_sql_execute("INSERT INTO uncache.dependencies (class, object, subobject, trigger, name)"
							   " VALUES ($1::oid, $2::oid, $3::integer, $4::oid, $5)", 5, arguments);
	}
}

void
rule_dependency_forget(Oid trigger_id)
{
	const char *const arguments[] = {number_text(trigger_id)};

	if (!catalog_is_empty(catalog_dependencies_id()))
		(void) own_sql_execute("DELETE FROM uncache.dependencies WHERE trigger = $1::oid", 1, arguments);
}

static void
check_column(Relation relation, const char *name, AttrNumber number, Oid type_id)
{
	if (number <= 0 || get_atttype(RelationGetRelid(relation), number) != type_id)
		elog(ERROR, "table uncache.dependencies has no usable column \"%s\"", name);
}

/* Keys for class, object and, unless it is 0, subobject. */
static int
make_keys(Relation relation, const ObjectAddress *object, ScanKey keys)
{
	const Datum values[] = {
		ObjectIdGetDatum(object->classId), ObjectIdGetDatum(object->objectId),
		Int32GetDatum(object->objectSubId)
	};
	int			count = object->objectSubId == 0 ? 2 : 3;
	int			i;

	for (i = 0; i < count; i++)
	{
		AttrNumber	number = get_attnum(RelationGetRelid(relation), key_columns[i]);

		check_column(relation, key_columns[i], number, i < 2 ? OIDOID : INT4OID);
		ScanKeyInit(&keys[i], number, BTEqualStrategyNumber, i < 2 ? F_OIDEQ : F_INT4EQ, values[i]);
	}
	return count;
}

/* What finding works on. */
typedef struct Search
{
	Relation	relation;
	AttrNumber	subobject;
	AttrNumber	trigger;
	AttrNumber	name;
	const ObjectAddress *object;
	bool		only_renamed;
	HTAB	   *found;			/* triggers, by OID */
} Search;

static Datum
get_value(const Search *search, HeapTuple tuple, AttrNumber number)
{
	bool		is_null;
	Datum		value = heap_getattr(tuple, number, RelationGetDescr(search->relation), &is_null);

	if (is_null)
		elog(ERROR, "null in table uncache.dependencies");
	return value;
}

static bool
is_renamed(const Search *search, HeapTuple tuple, const char *name)
{
	ObjectAddress part = *search->object;
	char	   *present;

	part.objectSubId = DatumGetInt32(get_value(search, tuple, search->subobject));
	present = compat_object_identity(&part);
	return present == NULL || strcmp(present, name) != 0;
}

static List *
take(const Search *search, HeapTuple tuple, List *found)
{
	Oid			trigger_id = DatumGetObjectId(get_value(search, tuple, search->trigger));
	char	   *name = TextDatumGetCString(get_value(search, tuple, search->name));
	RuleDependency *dependency;

	if (hash_search(search->found, &trigger_id, HASH_FIND, NULL) != NULL || (search->only_renamed && !is_renamed(search, tuple, name)))
		return found;
	dependency = palloc(sizeof(RuleDependency));
	dependency->trigger_id = trigger_id;
	dependency->name = name;
	(void) hash_search(search->found, &trigger_id, HASH_ENTER, NULL);
	return lappend(found, dependency);
}

static HTAB *
create_set(void)
{
	HASHCTL		control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Oid);
	control.hcxt = CurrentMemoryContext;
	return hash_create("uncache dependent rules", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static List *
find_in(Search *search)
{
	Oid			table_id = RelationGetRelid(search->relation);
	Oid			index_id = catalog_dependencies_index_id();
	List	   *found = NIL;
	ScanKeyData keys[3];
	int			key_count = make_keys(search->relation, search->object, keys);
	OwnScan		scan;
	HeapTuple	tuple;

	search->subobject = get_attnum(table_id, "subobject");
	search->trigger = get_attnum(table_id, "trigger");
	search->name = get_attnum(table_id, "name");
	check_column(search->relation, "subobject", search->subobject, INT4OID);
	check_column(search->relation, "trigger", search->trigger, OIDOID);
	check_column(search->relation, "name", search->name, TEXTOID);
	search->found = create_set();
	scan = own_scan_begin(search->relation, index_id, key_count, keys);
	while ((tuple = own_scan_next(&scan)) != NULL)
		found = take(search, tuple, found);
	own_scan_end(&scan);
	hash_destroy(search->found);
	return found;
}

static List *
find(const ObjectAddress *object, bool only_renamed)
{
	Search		search = {.object = object,.only_renamed = only_renamed};
	Oid			relation_id = catalog_dependencies_id();
	List	   *found = NIL;

	if (!OidIsValid(relation_id))
		return NIL;
	search.relation = table_open(relation_id, AccessShareLock);
	if (RelationGetNumberOfBlocks(search.relation) > 0)
		found = find_in(&search);
	table_close(search.relation, AccessShareLock);
	return found;
}

List *
rule_dependency_find(const ObjectAddress *object)
{
	return find(object, false);
}

List *
rule_dependency_find_renamed(const ObjectAddress *object)
{
	return find(object, true);
}
