/*-------------------------------------------------------------------------
 *
 * own_table.c
 *	  Reads and writes the extension's tables below the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/compat.h"
#include "fmgr.h"
#include "own/own_table.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* heap_insert() wants one even for rows that are not toasted. */
#ifdef USE_ASSERT_CHECKING
#define ASSERTS_SNAPSHOT true
#else
#define ASSERTS_SNAPSHOT false
#endif

PG_FUNCTION_INFO_V1(uncache_check_tables);

static OwnTableState
fail(OwnTable *table, OwnTableState state, const char *problem)
{
	if (table->relation != NULL)
		own_table_close(table);
	table->state = state;
	strlcpy(table->problem, problem, sizeof(table->problem));
	return state;
}

static OwnTableState
fail_missing(OwnTable *table, CatalogTable id)
{
	char		problem[OWN_SHAPE_PROBLEM_BYTES];

	if (!catalog_is_installed())
		return fail(table, OWN_TABLE_ABSENT, "extension uncache is not installed");
	snprintf(problem, sizeof(problem), "table " CATALOG_SCHEMA ".%s is missing",
			 catalog_table_name(id));
	return fail(table, OWN_TABLE_UNKNOWN, problem);
}

static OwnTableState
fail_busy(OwnTable *table, CatalogTable id)
{
	char		problem[OWN_SHAPE_PROBLEM_BYTES];

	snprintf(problem, sizeof(problem), "table " CATALOG_SCHEMA ".%s is locked by another session",
			 catalog_table_name(id));
	return fail(table, OWN_TABLE_BUSY, problem);
}

static LOCKMODE
lock_mode(OwnTableUse use)
{
	return use == OWN_TABLE_INSERT ? RowExclusiveLock : AccessShareLock;
}

/* Somebody may have renamed it before the lock was had. */
static bool
has_its_name(Relation relation, CatalogTable id, Oid schema_id)
{
	return strcmp(RelationGetRelationName(relation), catalog_table_name(id)) == 0 &&
		RelationGetNamespace(relation) == schema_id;
}

/* False if one is locked. */
static bool
open_indexes(OwnTable *table)
{
	const OwnShape *shape = table->shape;
	int			i;

	if (table->use == OWN_TABLE_LOOK_UP && OidIsValid(shape->key_index_id))
		table->key_index = index_open(shape->key_index_id, AccessShareLock);
	if (table->use == OWN_TABLE_SCAN && OidIsValid(shape->key_index_id) &&
		brief_lock(shape->key_index_id, AccessShareLock, BRIEF_LOCK_NO_WAIT))
		table->key_index = index_open(shape->key_index_id, NoLock);
	for (i = 0; table->use == OWN_TABLE_INSERT && i < shape->index_count; i++)
	{
		if (!brief_lock(shape->indexes[i], RowExclusiveLock, table->wait))
			return false;
		table->indexes[table->index_count++] = index_open(shape->indexes[i], NoLock);
	}
	return true;
}

static const char *
find_problem(const OwnTable *table)
{
	const OwnShape *shape = table->shape;

	if (shape->problem[0] != '\0')
		return shape->problem;
	if (table->use == OWN_TABLE_INSERT && shape->write_problem[0] != '\0')
		return shape->write_problem;
	if (table->use == OWN_TABLE_LOOK_UP && shape->read_problem[0] != '\0')
		return shape->read_problem;
	return NULL;
}

static void
make_scratch_space(OwnTable *table)
{
	int			count = RelationGetDescr(table->relation)->natts;

	if (table->shape->is_plain)
		return;
	table->values = palloc0(count * sizeof(Datum));
	table->nulls = palloc(count * sizeof(bool));
}

OwnTableState
own_table_open(OwnTable *table, CatalogTable id, OwnTableUse use, BriefLockWait wait)
{
	Oid			schema_id;
	Oid			relation_id = catalog_find_with_schema(id, &schema_id);
	const char *problem;

	memset(table, 0, sizeof(*table));
	table->use = use;
	table->wait = wait;
	if (!OidIsValid(relation_id))
		return fail_missing(table, id);
	if (!brief_lock(relation_id, lock_mode(use), wait))
		return fail_busy(table, id);
	table->relation = try_relation_open(relation_id, NoLock);
	if (table->relation == NULL || !has_its_name(table->relation, id, schema_id))
		return fail_missing(table, id);
	table->shape = own_shape_get(id, table->relation);
	problem = find_problem(table);
	if (problem != NULL)
		return fail(table, OWN_TABLE_UNKNOWN, problem);
	if (!open_indexes(table))
		return fail_busy(table, id);
	make_scratch_space(table);
	return OWN_TABLE_READY;
}

void
own_table_close(OwnTable *table)
{
	int			i;

	if (table->has_snapshot)
		PopActiveSnapshot();
	for (i = 0; i < table->index_count; i++)
		index_close(table->indexes[i], NoLock);
	if (table->key_index != NULL)
		index_close(table->key_index, NoLock);
	relation_close(table->relation, NoLock);
	if (table->values != NULL)
	{
		pfree(table->values);
		pfree(table->nulls);
	}
	table->has_snapshot = false;
	table->index_count = 0;
	table->key_index = NULL;
	table->relation = NULL;
	table->values = NULL;
}

void
own_table_raise(OwnTableState state, const char *problem)
{
	if (state == OWN_TABLE_BUSY)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("%s", problem)));
	if (state == OWN_TABLE_ABSENT)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s", problem)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s", problem),
			 errdetail("Writes continue, and every target resyncs when the table again has the shape that this version of uncache knows."),
			 errhint("Undo the changes to the table; after an upgrade of the extension, install its library and reconnect.")));
}

void
own_table_open_or_raise(OwnTable *table, CatalogTable id, OwnTableUse use)
{
	OwnTableState state = own_table_open(table, id, use, BRIEF_LOCK_WAIT_LONG);

	if (state != OWN_TABLE_READY)
		own_table_raise(state, table->problem);
}

AttrNumber
own_table_attribute(const OwnTable *table, int column)
{
	return table->shape->attributes[column];
}

void
own_table_deform(OwnTable *table, HeapTuple tuple, Datum *values, bool *nulls)
{
	const OwnShape *shape = table->shape;
	int			i;

	if (shape->is_plain)
	{
		heap_deform_tuple(tuple, RelationGetDescr(table->relation), values, nulls);
		return;
	}
	heap_deform_tuple(tuple, RelationGetDescr(table->relation), table->values, table->nulls);
	for (i = 0; i < shape->column_count; i++)
	{
		values[i] = table->values[shape->attributes[i] - 1];
		nulls[i] = table->nulls[shape->attributes[i] - 1];
	}
}

static void
insert_into_index(Relation index, const OwnTable *table, const Datum *values, const bool *nulls,
				  HeapTuple tuple)
{
	Form_pg_index form = index->rd_index;
	Datum		index_values[INDEX_MAX_KEYS];
	bool		index_nulls[INDEX_MAX_KEYS];
	int			i;

	/* one that is just being built does not take rows yet */
	if (!form->indisready)
		return;
	for (i = 0; i < form->indnatts; i++)
	{
		AttrNumber	attribute = form->indkey.values[i];

		index_values[i] = values[attribute - 1];
		index_nulls[i] = nulls[attribute - 1];
	}
	compat_index_insert(index, index_values, index_nulls, &tuple->t_self, table->relation);
}

/* A row that is not toasted does not touch the TOAST table. */
static bool
toast_is_free(const OwnTable *table, HeapTuple tuple)
{
	Oid			toast_id = table->relation->rd_rel->reltoastrelid;

	return tuple->t_len <= TOAST_TUPLE_THRESHOLD || !OidIsValid(toast_id) ||
		brief_lock(toast_id, RowExclusiveLock, table->wait);
}

/*
 * Whoever works on a TOAST table has to have a snapshot; there is none in the
 * pre-commit callback.  To take one costs as much as the rest of a short row, so
 * that only builds that assert it have one for each.
 */
static void
push_snapshot(OwnTable *table, HeapTuple tuple)
{
	if (table->has_snapshot || ActiveSnapshotSet())
		return;
	if (tuple->t_len <= TOAST_TUPLE_THRESHOLD && !ASSERTS_SNAPSHOT)
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	table->has_snapshot = true;
}

static bool
insert_tuple(OwnTable *table, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(table->relation), values, nulls);
	int			i;

	if (!toast_is_free(table, tuple))
	{
		table->state = OWN_TABLE_BUSY;
		snprintf(table->problem, sizeof(table->problem),
				 "the TOAST table of \"%s\" is locked by another session",
				 RelationGetRelationName(table->relation));
		heap_freetuple(tuple);
		return false;
	}
	push_snapshot(table, tuple);
	simple_heap_insert(table->relation, tuple);
	for (i = 0; i < table->index_count; i++)
		insert_into_index(table->indexes[i], table, values, nulls, tuple);
	heap_freetuple(tuple);
	return true;
}

bool
own_table_insert(OwnTable *table, Datum *values)
{
	const OwnShape *shape = table->shape;
	bool		nulls[CATALOG_COLUMN_MAX] = {false};
	int			i;

	if (shape->is_plain)
		return insert_tuple(table, values, nulls);
	memset(table->nulls, true, RelationGetDescr(table->relation)->natts * sizeof(bool));
	for (i = 0; i < shape->column_count; i++)
	{
		table->values[shape->attributes[i] - 1] = values[i];
		table->nulls[shape->attributes[i] - 1] = false;
	}
	return insert_tuple(table, table->values, table->nulls);
}

/* --- for administrators --- */

static char *
find_problem_of(CatalogTable id)
{
	OwnTable	table;
	char	   *problem = NULL;

	if (own_table_open(&table, id, OWN_TABLE_SCAN, BRIEF_LOCK_NO_WAIT) == OWN_TABLE_UNKNOWN)
		return pstrdup(table.problem);
	if (table.state != OWN_TABLE_READY)
		return NULL;
	if (table.shape->write_problem[0] != '\0')
		problem = pstrdup(table.shape->write_problem);
	else if (table.shape->read_problem[0] != '\0')
		problem = pstrdup(table.shape->read_problem);
	UnlockRelation(table.relation, AccessShareLock);
	own_table_close(&table);
	return problem;
}

char *
own_table_find_problem(void)
{
	char	   *problem = NULL;
	int			id;

	for (id = 0; id < CATALOG_TABLE_COUNT && problem == NULL; id++)
		problem = find_problem_of((CatalogTable) id);
	return problem;
}

bool
own_table_is(Oid relation_id)
{
	int			id;

	for (id = 0; id < CATALOG_TABLE_COUNT; id++)
	{
		if (catalog_find((CatalogTable) id) == relation_id)
			return true;
	}
	return false;
}

/*
 * check_tables(): raises unless all tables can be read; who cannot write to one
 * leaves a gap, which can be read
 */
Datum
uncache_check_tables(PG_FUNCTION_ARGS)
{
	int			id;

	for (id = 0; id < CATALOG_TABLE_COUNT; id++)
	{
		OwnTable	table;

		own_table_open_or_raise(&table, (CatalogTable) id,
								catalog_is_segment((CatalogTable) id) ? OWN_TABLE_LOOK_UP : OWN_TABLE_SCAN);
		own_table_close(&table);
	}
	PG_RETURN_VOID();
}
