/*-------------------------------------------------------------------------
 *
 * delivery_step.h
 *	  The state of a delivery, and the choice of what it does next.
 *
 * Part of delivery: every event changes some fields here and then calls
 * delivery_step_advance.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_STEP_H
#define UNCACHED_DELIVERY_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/ack_pace.h"
#include "delivery/bell_trust.h"
#include "delivery/delivery.h"
#include "delivery/delivery_lanes.h"
#include "delivery/delivery_repeat.h"
#include "delivery/delivery_slots.h"
#include "delivery/fetch_pace.h"
#include "delivery/progress.h"
#include "delivery/trim_schedule.h"

/* What one fetch asks for: the bound of everything that is per batch. */
#define DELIVERY_FETCH_MAX_BYTES ((size_t) 256 * 1024)

typedef enum ResyncStep
{
	RESYNC_NONE,
	RESYNC_TO_LIST,
	RESYNC_LISTING,
	RESYNC_DELETING,			/* its names and patterns */
	RESYNC_AWAITING,			/* standbys, to be made again by a batch */
	RESYNC_REPEATING,			/* by that batch */
	RESYNC_TO_REPORT,
	RESYNC_REPORTING
} ResyncStep;

/* All that ends with the session. */
typedef struct DeliverySession
{
	bool		is_running;
	bool		is_finishing;

	/* fetching */
	bool		is_asking_sleep;	/* the fetch under way */
	bool		is_bell_armed;
	bool		was_empty;		/* the last fetch */
	bool		was_rung;		/* since the last fetch was started */
	bool		was_doubted;	/* likewise, by a bell that has to wait */
	bool		is_rung_fetch;	/* the last fetch was started by a bell */
	int64_t		idle_ms;		/* the next sleep */

	/* acknowledging */
	bool		is_acking;
	bool		is_placed;		/* a position is acknowledged that has all in
								 * it that was acknowledged before */
	int64_t		position;		/* a newer one, to be acknowledged; or 0 */

	ResyncStep	resync;
	int64_t		resync_begin_ms;
	size_t		resync_key_count;
} DeliverySession;

struct Delivery
{
	DeliveryParts parts;
	const DeliveryEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */

	DeliverySession session;
	DeliverySlots slots;
	char	   *cursor;			/* owned; where the next fetch starts */
	Progress	progress;
	DeliveryLanes lanes;
	KeySet		unknown;		/* patterns of sets that were logged */
	TrimSchedule trim;
	FetchPace	pace;
	BellTrust	bell_trust;
	AckPace		ack_pace;
	DeliveryRepeat repeat;
	LoopTimer	idle_timer;		/* armed while sleeping or lingering */
	LoopTimer	ack_timer;		/* armed while an acknowledgement waits */
	LoopTimer	trim_timer;
};

/*
 * Starts whatever can be started.  Does nothing unless the session is
 * running.  May call the owner's callbacks: look at nothing afterwards.
 */
extern void delivery_step_advance(Delivery *delivery);

/*
 * Does something wait to be acknowledged, since more rows are expected?  Then
 * the bell is not armed: writers of a stream would have to ring it.
 */
extern bool delivery_step_holds_ack(const Delivery *delivery);

/*
 * The keys of the slot's batch are proven to be deleted, and its other names are
 * with the lanes; the slot is free then.  False if memory is exhausted.
 */
extern bool delivery_step_finish_batch(Delivery *delivery, DeliverySlot *slot)
			__attribute__((warn_unused_result));

#endif
