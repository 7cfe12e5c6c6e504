/*-------------------------------------------------------------------------
 *
 * table_family.h
 *	  Which tables show a table's rows, or values of a type.
 *
 * All by index scans over what hangs together; no table is locked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_TABLE_FAMILY_H
#define UNCACHE_TABLE_FAMILY_H

#include "nodes/pg_list.h"

/*
 * The tables, plain, partitioned and foreign, and materialized views, that have rows or
 * values of a table (class pg_class) or a type (pg_type): itself, those that inherit from
 * it, its partitions, tables of the type, tables and views with columns of it or of an
 * array, a domain or a composite of it.
 */
extern List *table_family_users(Oid class_id, Oid object_id);

/* The tables that a table inherits from or is a partition of, and so on upward. */
extern List *table_family_ancestors(Oid relation_id);

/*
 * The tables, of those that are left, that a dropped table inherited from or was a partition
 * of until this transaction.
 */
extern List *table_family_former_parents(Oid relation_id);

/* A table and, if it is partitioned, its partitions and theirs. */
extern List *table_family_partitions(Oid relation_id);

/* A table and those that inherit from it or are its partitions, and so on. */
extern List *table_family_heirs(Oid relation_id);

/*
 * The tables that have a table's columns as their own: itself, those that inherit from
 * it or are its partitions, and tables of its type, with theirs.
 */
extern List *table_family_sharers(Oid relation_id);

/* The tables in a schema. */
extern List *table_family_in_schema(Oid schema_id);

#endif
