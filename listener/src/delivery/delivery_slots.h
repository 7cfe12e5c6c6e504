/*-------------------------------------------------------------------------
 *
 * delivery_slots.h
 *	  The two batches that a delivery has in memory, and where they are.
 *
 * A batch is filled by a fetch, and by the list of a resync if a row of it
 * asks for one; it waits, and is applied.  Redis works on one while the next is
 * filled.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_SLOTS_H
#define UNCACHED_DELIVERY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/batch.h"
#include "delivery/commit_times.h"
#include "delivery/progress.h"
#include "journal/journal_row.h"

#define DELIVERY_SLOT_COUNT 2

/* Who has fetched a batch. */
typedef enum DeliveryReader
{
	READER_FRONT,				/* goes on where the last fetch ended */
	READER_REPEAT,				/* fetches again what standbys have replayed */
	READER_LANE,				/* fetches again what a lane has skipped */
	READER_RESYNC				/* nobody: it is the list of an attachment's
								 * resync, and no part of the journal */
} DeliveryReader;

/* What a fetch for a lane makes of the round (progress.h). */
typedef enum DeliveryRound
{
	ROUND_GOES_ON,
	ROUND_ENDS_SHORT,			/* nothing more can be fetched before its end */
	ROUND_REACHES_END
} DeliveryRound;

typedef struct DeliverySlot
{
	Batch		batch;
	DeliveryReader reader;
	LaneKind	lane;			/* of READER_LANE, and the next one, too */
	DeliveryRound round;
	char	   *cursor;			/* owned; behind the batch; NULL before the
								 * fetch is answered, and for READER_RESYNC */
	bool		wants_list;		/* a row asks for all that can be resynced */
	bool		ends_resync;	/* the resync of an attachment is made again
								 * with it */
	size_t		name_counts[NAME_KIND_COUNT];	/* as fetched, for the log */
	int64_t		oldest_at_us;	/* of its rows, since 1970 */
	size_t		row_count;
	size_t		action_counts[JOURNAL_ACTION_COUNT];	/* of their elements */
	int64_t		fetched_at_us;	/* since 1970; of the first of these */
	CommitTimes times;			/* of rows that nothing holds up */
} DeliverySlot;

typedef struct DeliverySlots
{
	DeliverySlot slots[DELIVERY_SLOT_COUNT];
	DeliverySlot *filling;		/* each of these borrowed from slots, or NULL */
	DeliverySlot *fetched;
	DeliverySlot *applying;
} DeliverySlots;

/*
 * Prepares caller's storage, to be freed by delivery_slots_free; "prefix" is
 * borrowed until then.  False if memory is exhausted: free it all the same.
 */
extern bool delivery_slots_init(DeliverySlots *slots, const char *prefix,
								size_t prefix_bytes, uint64_t seed)
			__attribute__((warn_unused_result));
extern void delivery_slots_free(DeliverySlots *slots);

/* Empties all of them. */
extern void delivery_slots_reset(DeliverySlots *slots);

/* One that the next fetch can fill, or NULL. */
extern DeliverySlot *delivery_slots_find_free(DeliverySlots *slots);

/* Was a batch fetched that is not applied yet? */
extern bool delivery_slots_are_taken(const DeliverySlots *slots);

/* Does the resync of an attachment wait for the batch to be deleted? */
extern bool delivery_slot_is_of_resync(const DeliverySlot *slot);

extern void delivery_slot_reset(DeliverySlot *slot);

#endif
