/*-------------------------------------------------------------------------
 *
 * own_shape.h
 *	  Whether one of the extension's tables is what this library knows.
 *
 * Its administrator may alter it, and a later version of the extension has, while
 * a session goes on with this library.  Columns are therefore found by name, and
 * what is written below the executor is written only where nothing is lost by it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWN_SHAPE_H
#define UNCACHE_OWN_SHAPE_H

#include "access/attnum.h"
#include "own/catalog.h"
#include "utils/relcache.h"

#define OWN_SHAPE_PROBLEM_BYTES 256

/* A table with more of them is not known. */
#define OWN_SHAPE_INDEX_MAX 16

typedef struct OwnShape
{
	Oid			relation_id;
	bool		is_valid;		/* of use to own_shape.c only */

	/* What is wrong, naming the table; empty if nothing is. */
	char		problem[OWN_SHAPE_PROBLEM_BYTES];	/* for everybody */
	char		write_problem[OWN_SHAPE_PROBLEM_BYTES]; /* for who inserts */
	char		read_problem[OWN_SHAPE_PROBLEM_BYTES];	/* for who looks up */

	/* Unless there is a problem for everybody: */
	AttrNumber	attributes[CATALOG_COLUMN_MAX]; /* by column */
	int			column_count;	/* that are known */
	bool		is_plain;		/* the attributes are those columns, in order */
	Oid			indexes[OWN_SHAPE_INDEX_MAX];	/* of a table that is inserted
												 * into; also such as are not
												 * ready */
	int			index_count;
	Oid			key_index_id;	/* the journal's on (xid, part), the
								 * consumers' on id; or InvalidOid */
} OwnShape;

extern void own_shape_init(void);

/*
 * The shape of the table, which is open and locked.  From a cache that relcache
 * invalidations drop; valid until the next call for the same table.
 */
extern const OwnShape *own_shape_get(CatalogTable table, Relation relation);

#endif
