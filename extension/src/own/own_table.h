/*-------------------------------------------------------------------------
 *
 * own_table.h
 *	  Reads and writes the extension's tables below the executor.
 *
 * Needs no privilege, and nothing that a writer could define (rules, policies,
 * triggers) gets in between.  A table that is not what this library knows, or
 * that somebody else has locked, is no error: the caller is told.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWN_TABLE_H
#define UNCACHE_OWN_TABLE_H

#include "access/htup.h"
#include "own/brief_lock.h"
#include "own/own_shape.h"

typedef enum OwnTableState
{
	OWN_TABLE_READY,
	OWN_TABLE_ABSENT,			/* the extension is not installed */
	OWN_TABLE_UNKNOWN,			/* not what this library knows: problem tells */
	OWN_TABLE_BUSY				/* not for now: problem tells */
} OwnTableState;

typedef enum OwnTableUse
{
	OWN_TABLE_SCAN,				/* reads rows, by key_index if that is had */
	OWN_TABLE_LOOK_UP,			/* reads rows by the journal's key_index */
	OWN_TABLE_INSERT			/* inserts rows */
} OwnTableUse;

typedef struct OwnTable
{
	OwnTableState state;
	char		problem[OWN_SHAPE_PROBLEM_BYTES];

	/* If it is ready: */
	Relation	relation;
	const OwnShape *shape;
	OwnTableUse use;
	BriefLockWait wait;
	Relation	indexes[OWN_SHAPE_INDEX_MAX];	/* to insert into */
	int			index_count;
	Relation	key_index;		/* to look up by; NULL for a scan that has
								 * none at once */
	Datum	   *values;			/* by attribute; NULL if the shape is plain */
	bool	   *nulls;
	bool		has_snapshot;	/* pushed one of its own */
} OwnTable;

/*
 * Opens the table and locks it until the end of the transaction.  Only if it is
 * ready must it be closed.  The table is reachable from *table, which stays where
 * it is.
 */
extern OwnTableState own_table_open(OwnTable *table, CatalogTable id, OwnTableUse use,
									BriefLockWait wait);

/* The same for whom an error helps who says what is wrong and what to do. */
extern void own_table_open_or_raise(OwnTable *table, CatalogTable id, OwnTableUse use);

extern void own_table_close(OwnTable *table);

/* Raises what is the matter with a table that is not ready. */
extern void own_table_raise(OwnTableState state, const char *problem) __attribute__((noreturn));

/* Values and nulls of the known columns, by column. */
extern void own_table_deform(OwnTable *table, HeapTuple tuple, Datum *values, bool *nulls);

/*
 * Inserts a row into the table and its indexes; values are of the known columns,
 * none null.  False if the table is busy after all.
 */
extern bool own_table_insert(OwnTable *table, Datum *values);

/* The attribute that a column is, for scan keys. */
extern AttrNumber own_table_attribute(const OwnTable *table, int column);

/*
 * What is wrong with any of the extension's tables, palloc'd; NULL if nothing is.
 * Sees what the running transaction has done; leaves out what others have locked,
 * and waits for nobody.
 */
extern char *own_table_find_problem(void);

/* Is it one of the extension's tables that are used without SQL? */
extern bool own_table_is(Oid relation_id);

#endif
