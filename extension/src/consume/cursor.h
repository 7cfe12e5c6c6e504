/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  What a consumer has consumed: a snapshot, and a place inside the
 *	  transaction that a batch ended in.
 *
 * Pure C without PostgreSQL's headers.  The snapshot is that of PgQ: consumed
 * is every transaction that it sees.  Written as "xmin:xmax:xip,xip" (the text
 * of pg_snapshot), with "/xid.part" behind it if the rows of transaction xid up
 * to the given part are consumed although the snapshot does not see it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CURSOR_H
#define UNCACHE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Cursor
{
	uint64_t	xmax;			/* no transaction from here on is consumed */
	uint64_t   *xip;			/* caller's storage; ascending, each < xmax:
								 * the older ones that are not consumed */
	size_t		xip_count;
	uint64_t	place_xid;		/* 0, or the transaction consumed in part */
	int32_t		place_part;		/* its last consumed row */
} Cursor;

/* How many xip a cursor of this text can have: the storage that parsing needs. */
extern size_t cursor_xip_bound(const char *text);

/*
 * Parses text into *cursor, whose xip points to room for cursor_xip_bound()
 * elements.  False if it is not a cursor.
 */
extern bool cursor_parse(const char *text, Cursor *cursor);

/*
 * Writes the cursor and returns how many bytes it has without the terminating
 * zero; as snprintf, it writes nothing beyond text_bytes.
 */
extern size_t cursor_format(const Cursor *cursor, char *text, size_t text_bytes);

/* Is the transaction not consumed, or only in part? */
extern bool cursor_has_open(const Cursor *cursor, uint64_t xid);

/* All transactions before this one are consumed. */
extern uint64_t cursor_begin(const Cursor *cursor);

/* Of this transaction and all after it nothing is consumed. */
extern uint64_t cursor_end(const Cursor *cursor);

/*
 * The cursor after a batch that read what "now" sees and "from" has not consumed:
 * the rest of the transaction at its place first, so that it is never begun
 * again, then the others in order of xid.  stop_xid is 0 if the batch took all that "now" sees, or the transaction in
 * which it ended, behind row stop_part.  next->xip points to room for
 * from->xip_count + now->xip_count elements.
 */
extern void cursor_advance(const Cursor *from, const Cursor *now, uint64_t stop_xid,
						   int32_t stop_part, Cursor *next);

/*
 * For a reader at "from" that is to go no further than the cursor "until": makes of
 * that the snapshot which cursor_advance() takes for "now".  A transaction that "until"
 * has consumed in part is not part of it.  False if "from" stands inside a
 * transaction that is not: then there is nothing to read yet.
 */
extern bool cursor_bound(const Cursor *from, Cursor *until);

#endif
