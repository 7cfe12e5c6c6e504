/*-------------------------------------------------------------------------
 *
 * own_shape.c
 *	  Whether one of the extension's tables is what this library knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "own/own_shape.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

typedef struct KnownColumn
{
	const char *name;
	Oid			type_id;
} KnownColumn;

typedef struct KnownTable
{
	const KnownColumn *columns; /* by the table's enumeration */
	int			column_count;
	char		persistence;	/* 0: permanent or unlogged */
	bool		is_inserted_into;
} KnownTable;

static const KnownColumn journal_columns[JOURNAL_COLUMN_COUNT] = {
	[JOURNAL_COLUMN_XID] = {"xid", XID8OID},
	[JOURNAL_COLUMN_PART] = {"part", INT4OID},
	[JOURNAL_COLUMN_AT] = {"at", TIMESTAMPTZOID},
	[JOURNAL_COLUMN_TARGET] = {"target", TEXTOID},
	[JOURNAL_COLUMN_ACTION] = {"action", TEXTOID},
	[JOURNAL_COLUMN_KEYS] = {"keys", TEXTARRAYOID}
};

static const KnownColumn segment_columns[SEGMENT_COLUMN_COUNT] = {
	[SEGMENT_COLUMN_NUMBER] = {"number", INT4OID},
	[SEGMENT_COLUMN_OPENED_AT] = {"opened_at", TIMESTAMPTZOID},
	[SEGMENT_COLUMN_CLOSED_AT] = {"closed_at", TIMESTAMPTZOID}
};

static const KnownColumn consumer_columns[CONSUMER_COLUMN_COUNT] = {
	[CONSUMER_COLUMN_ID] = {"id", INT4OID},
	[CONSUMER_COLUMN_TARGET] = {"target", TEXTOID},
	[CONSUMER_COLUMN_BARRIER] = {"barrier", XID8OID},
	[CONSUMER_COLUMN_CURSOR] = {"cursor", TEXTOID},
	[CONSUMER_COLUMN_RESYNC_REASON] = {"resync_reason", TEXTOID},
	[CONSUMER_COLUMN_IDENTITY] = {"identity", TEXTOID},
	[CONSUMER_COLUMN_SERVER] = {"server", TEXTOID},
	[CONSUMER_COLUMN_REPLID] = {"replid", TEXTOID},
	[CONSUMER_COLUMN_REGISTERED_AT] = {"registered_at", TIMESTAMPTZOID},
	[CONSUMER_COLUMN_ACKED_AT] = {"acked_at", TIMESTAMPTZOID},
	[CONSUMER_COLUMN_LOST_AT] = {"lost_at", TIMESTAMPTZOID},
	[CONSUMER_COLUMN_MISSED_FROM] = {"missed_from", TIMESTAMPTZOID},
	[CONSUMER_COLUMN_CHECKED_AT] = {"checked_at", TIMESTAMPTZOID},
	[CONSUMER_COLUMN_LATE_STANDBYS] = {"late_standbys", TEXTARRAYOID},
	[CONSUMER_COLUMN_PLACE] = {"place", TEXTOID},
	[CONSUMER_COLUMN_ADDRESS] = {"address", TEXTOID}
};

static const KnownColumn marker_columns[MARKER_COLUMN_COUNT] = {
	[MARKER_COLUMN_CONSUMER_ID] = {"consumer_id", INT4OID}
};

static const KnownColumn gap_columns[GAP_COLUMN_COUNT] = {
	[GAP_COLUMN_XID] = {"xid", XID8OID},
	[GAP_COLUMN_AT] = {"at", TIMESTAMPTZOID},
	[GAP_COLUMN_REASON] = {"reason", TEXTOID}
};

/* A crash empties the markers: on purpose, which it must not do to the others. */
static const KnownTable known_tables[CATALOG_TABLE_COUNT] = {
	[CATALOG_JOURNAL_1] = {journal_columns, JOURNAL_COLUMN_COUNT, 0, true},
	[CATALOG_JOURNAL_2] = {journal_columns, JOURNAL_COLUMN_COUNT, 0, true},
	[CATALOG_JOURNAL_3] = {journal_columns, JOURNAL_COLUMN_COUNT, 0, true},
	[CATALOG_JOURNAL_4] = {journal_columns, JOURNAL_COLUMN_COUNT, 0, true},
	[CATALOG_SEGMENTS] = {segment_columns, SEGMENT_COLUMN_COUNT, RELPERSISTENCE_PERMANENT, false},
	[CATALOG_CONSUMERS] = {consumer_columns, CONSUMER_COLUMN_COUNT, RELPERSISTENCE_PERMANENT, false},
	[CATALOG_MARKERS] = {marker_columns, MARKER_COLUMN_COUNT, RELPERSISTENCE_UNLOGGED, false},
	[CATALOG_GAPS] = {gap_columns, GAP_COLUMN_COUNT, RELPERSISTENCE_PERMANENT, true}
};

/* The backend's cache. */
static OwnShape shapes[CATALOG_TABLE_COUNT];
static uint64 invalidation_count = 0;

static void
relcache_callback(Datum arg, Oid relation_id)
{
	int			i;

	invalidation_count++;
	for (i = 0; i < CATALOG_TABLE_COUNT; i++)
	{
		if (relation_id == InvalidOid || relation_id == shapes[i].relation_id)
			shapes[i].is_valid = false;
	}
}

void
own_shape_init(void)
{
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
}

/* The first problem is told. */
static void tell(char *problem, Relation relation, const char *format,...) __attribute__((format(printf, 3, 4)));

static void
tell(char *problem, Relation relation, const char *format,...)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(relation));
	va_list		arguments;
	int			length;

	if (problem[0] != '\0')
		return;
	length = snprintf(problem, OWN_SHAPE_PROBLEM_BYTES, "table %s.%s: ",
					  schema, RelationGetRelationName(relation));
	va_start(arguments, format);
	(void) vsnprintf(problem + length, OWN_SHAPE_PROBLEM_BYTES - length, format, arguments);
	va_end(arguments);
}

/* --- the table --- */

static void
judge_relation(OwnShape *shape, const KnownTable *known, Relation relation)
{
	Form_pg_class form = relation->rd_rel;
	Oid			extension_id = getExtensionOfObject(RelationRelationId, shape->relation_id);

	if (!OidIsValid(extension_id) || extension_id != get_extension_oid("uncache", true))
		tell(shape->problem, relation, "it is not the extension's");
	if (form->relkind != RELKIND_RELATION || form->relam != HEAP_TABLE_AM_OID)
		tell(shape->problem, relation, "it is not an ordinary table");
	if (form->relispartition)
		tell(shape->problem, relation, "it is a partition");
	if (known->persistence == 0 ? form->relpersistence == RELPERSISTENCE_TEMP :
		form->relpersistence != known->persistence)
		tell(shape->problem, relation, "it is %s",
			 form->relpersistence == RELPERSISTENCE_UNLOGGED ? "unlogged" :
			 form->relpersistence == RELPERSISTENCE_TEMP ? "temporary" : "not unlogged");
}

/* --- its columns --- */

static int
find_column(const KnownTable *known, const char *name)
{
	int			i;

	for (i = 0; i < known->column_count; i++)
	{
		if (strcmp(known->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

static void
judge_known_column(OwnShape *shape, const KnownColumn *column, Relation relation,
				   Form_pg_attribute attribute)
{
	if (attribute->atttypid != column->type_id)
		tell(shape->problem, relation, "column \"%s\" is of type %s, not %s", column->name,
			 format_type_be(attribute->atttypid), format_type_be(column->type_id));
	if (attribute->attgenerated != '\0')
		tell(shape->problem, relation, "column \"%s\" is generated", column->name);

	/* what is stored in one piece may be too large for a page */
	if (column->type_id == TEXTARRAYOID && attribute->attstorage == TYPSTORAGE_PLAIN)
		tell(shape->write_problem, relation, "column \"%s\" has storage PLAIN", column->name);
}

/* Columns that we do not know are left null. */
static void
judge_columns(OwnShape *shape, const KnownTable *known, Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);
	int			i;

	shape->column_count = known->column_count;
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		int			column;

		if (attribute->attisdropped)
			continue;
		column = find_column(known, NameStr(attribute->attname));
		if (column >= 0)
		{
			shape->attributes[column] = attribute->attnum;
			judge_known_column(shape, &known->columns[column], relation, attribute);
		}
		else if (attribute->attnotnull)
			tell(shape->write_problem, relation, "column \"%s\" is not known, and NOT NULL",
				 NameStr(attribute->attname));
	}
	shape->is_plain = desc->natts == known->column_count;
	for (i = 0; i < known->column_count; i++)
	{
		if (shape->attributes[i] == InvalidAttrNumber)
			tell(shape->problem, relation, "column \"%s\" is missing", known->columns[i].name);
		shape->is_plain &= shape->attributes[i] == i + 1;
	}
}

/* --- its indexes --- */

/*
 * Keys may be longer than an index takes.  All other columns are short or, if we do
 * not know them, null.
 */
static bool
can_index_attribute(const OwnShape *shape, CatalogTable table, AttrNumber attribute)
{
	return attribute > 0 &&
		!(catalog_is_segment(table) && attribute == shape->attributes[JOURNAL_COLUMN_KEYS]);
}

static bool
operators_are_built_in(HeapTuple tuple, int count)
{
	bool		is_null;
	Datum		datum = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &is_null);
	oidvector  *classes = (oidvector *) DatumGetPointer(datum);
	int			i;

	for (i = 0; i < count; i++)
	{
		if (classes->values[i] >= FirstNormalObjectId)
			return false;
	}
	return true;
}

static bool
is_btree(Oid index_id)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index_id));
	bool		result = HeapTupleIsValid(tuple) &&
	((Form_pg_class) GETSTRUCT(tuple))->relam == BTREE_AM_OID;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/* Why inserting into the index could fail, or NULL. */
static const char *
find_index_problem(const OwnShape *shape, CatalogTable table, Oid index_id, HeapTuple tuple)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	int			i;

	if (!is_btree(index_id))
		return "is not a B-tree";
	if (form->indisunique || form->indisexclusion)
		return "is unique";
	if (!heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		return "is partial";
	for (i = 0; i < form->indnatts; i++)
	{
		if (form->indkey.values[i] == 0)
			return "has an expression";
		if (!can_index_attribute(shape, table, form->indkey.values[i]))
			return "has keys, which may be too long for it";
	}
	if (!operators_are_built_in(tuple, form->indnkeyatts))
		return "has operators that are not built in";
	return NULL;
}

static bool
is_key_index(const OwnShape *shape, Form_pg_index form)
{
	return form->indisvalid && form->indisready && form->indnkeyatts == 2 &&
		form->indkey.values[0] == shape->attributes[JOURNAL_COLUMN_XID] &&
		form->indkey.values[1] == shape->attributes[JOURNAL_COLUMN_PART];
}

static void
judge_index(OwnShape *shape, CatalogTable table, Relation relation, Oid index_id)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index_id));
	const char *problem;

	if (!HeapTupleIsValid(tuple))
		return;
	problem = find_index_problem(shape, table, index_id, tuple);
	if (problem != NULL)
		tell(shape->write_problem, relation, "index \"%s\" %s", get_rel_name(index_id), problem);
	else if (shape->index_count == OWN_SHAPE_INDEX_MAX)
		tell(shape->write_problem, relation, "it has too many indexes");
	else
	{
		shape->indexes[shape->index_count++] = index_id;
		if (catalog_is_segment(table) && is_key_index(shape, (Form_pg_index) GETSTRUCT(tuple)))
			shape->key_index_id = index_id;
	}
	ReleaseSysCache(tuple);
}

static void
judge_indexes(OwnShape *shape, CatalogTable table, Relation relation)
{
	List	   *index_ids = RelationGetIndexList(relation);
	ListCell   *cell;

	foreach(cell, index_ids)
		judge_index(shape, table, relation, lfirst_oid(cell));
	list_free(index_ids);
	if (catalog_is_segment(table) && !OidIsValid(shape->key_index_id))
		tell(shape->read_problem, relation, "it has no index on (xid, part)");
}

/* Are its integers in the order of "<", from the least to the greatest? */
static bool
is_in_order(HeapTuple tuple)
{
	bool		is_null;
	Datum		classes = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &is_null);
	Datum		options = SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indoption, &is_null);

	return get_opclass_family(((oidvector *) DatumGetPointer(classes))->values[0]) == INTEGER_BTREE_FAM_OID &&
		((int2vector *) DatumGetPointer(options))->values[0] == 0;
}

/*
 * One by which each consumer's row is found, whoever has altered the table.  By their ids:
 * the order of texts changes with the operating system's collations.
 */
static bool
is_id_index(const OwnShape *shape, Oid index_id, HeapTuple tuple)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

	return form->indisunique && form->indimmediate && form->indisvalid && form->indisready &&
		!form->indcheckxmin && form->indnkeyatts == 1 &&
		form->indkey.values[0] == shape->attributes[CONSUMER_COLUMN_ID] &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		is_btree(index_id) && is_in_order(tuple);
}

static void
find_id_index(OwnShape *shape, Relation relation)
{
	List	   *index_ids = RelationGetIndexList(relation);
	ListCell   *cell;

	foreach(cell, index_ids)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (is_id_index(shape, lfirst_oid(cell), tuple))
			shape->key_index_id = lfirst_oid(cell);
		ReleaseSysCache(tuple);
	}
	list_free(index_ids);
}

const OwnShape *
own_shape_get(CatalogTable table, Relation relation)
{
	OwnShape   *shape = &shapes[table];
	const KnownTable *known = &known_tables[table];
	uint64		count = invalidation_count;

	if (shape->is_valid && shape->relation_id == RelationGetRelid(relation))
		return shape;
	memset(shape, 0, sizeof(*shape));
	shape->relation_id = RelationGetRelid(relation);
	judge_relation(shape, known, relation);
	judge_columns(shape, known, relation);
	if (known->is_inserted_into && shape->problem[0] == '\0')
		judge_indexes(shape, table, relation);
	if (table == CATALOG_CONSUMERS && shape->problem[0] == '\0')
		find_id_index(shape, relation);

	/* an index may have come while the table was looked at */
	shape->is_valid = count == invalidation_count;
	return shape;
}
