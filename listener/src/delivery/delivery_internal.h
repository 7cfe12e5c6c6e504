/*-------------------------------------------------------------------------
 *
 * delivery_internal.h
 *	  What a delivery consists of, for the files of this room.
 *
 * Each event changes some fields here, and then calls delivery_step_advance(), which starts
 * what goes first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_INTERNAL_H
#define UNCACHED_DELIVERY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/name_sets.h"
#include "delivery/ack_pace.h"
#include "delivery/bell_trust.h"
#include "delivery/delivery_owner.h"
#include "delivery/delivery_slots.h"
#include "delivery/fetch_pace.h"
#include "delivery/lag.h"
#include "delivery/progress.h"
#include "delivery/stagger_pace.h"
#include "delivery/standbys.h"

/* What one fetch asks for: the bound of everything that is per batch. */
#define DELIVERY_FETCH_MAX_BYTES ((size_t) 256 * 1024)

typedef enum DeliveryPhase
{
	DELIVERY_DETACHED,			/* no session: nothing is started */
	DELIVERY_RUNNING,
	DELIVERY_FINISHING			/* only what is in hand is finished */
} DeliveryPhase;

/* What the doorbell has said since the last fetch was started. */
typedef enum DeliveryBell
{
	BELL_SILENT,
	BELL_DOUBTED,				/* it rang, and has to wait (bell_trust.h) */
	BELL_RUNG
} DeliveryBell;

/*
 * The resync of an attachment:
 *
 * from			to			when
 * NONE			TO_LIST		attach() has asked for one
 * TO_LIST		LISTING		Redis is ready, and nothing goes before: asks for the list
 * LISTING		DELETING	the list has come
 * DELETING		TO_REPORT	nothing of it is left in slots and lanes
 * DELETING		AWAITING	the same, where standbys have to replay what was before it
 * AWAITING		REPEATING	they have: a batch of the second reader lists it again
 * REPEATING	TO_REPORT	nothing of that is left in slots and lanes
 * TO_REPORT	REPORTING	nothing goes before: reports it
 * REPORTING	NONE		the report is answered
 * any			NONE		the session is gone; the next attach() asks again
 */
typedef enum ResyncStep
{
	RESYNC_NONE,
	RESYNC_TO_LIST,
	RESYNC_LISTING,
	RESYNC_DELETING,
	RESYNC_AWAITING,
	RESYNC_REPEATING,
	RESYNC_TO_REPORT,
	RESYNC_REPORTING
} ResyncStep;

/* All that ends with the session. */
typedef struct DeliverySession
{
	DeliveryPhase phase;

	/* fetching */
	bool		is_asking_sleep;	/* the fetch under way */
	bool		is_bell_armed;
	bool		was_empty;		/* the last fetch */
	bool		is_rung_fetch;	/* the last fetch was started by a bell */
	DeliveryBell bell;
	int64_t		idle_ms;		/* the next sleep */

	/* acknowledging */
	bool		is_acking;
	uint64_t	acking_order;	/* of what is being acknowledged (progress.h) */
	bool		is_placed;		/* a position is acknowledged that has all in
								 * it that was acknowledged before */
	int64_t		position;		/* a newer one, to be acknowledged; or 0 */

	ResyncStep	resync;
	int64_t		resync_begin_ms;
	size_t		resync_key_count;
} DeliverySession;

/* See delivery_lanes.h. */
typedef struct DeliveryLane
{
	NameSets	waiting;
	NameSets	running;		/* borrowed by Redis' target, which copies
								 * patterns: there it is empty */
	bool		is_running;
	bool		has_resync_waiting; /* names of a resync that is to be
									 * reported */
	bool		has_resync_running;
	char	   *cursor;			/* owned; where it fetches again next; NULL at
								 * the begin of what was skipped */
} DeliveryLane;

typedef struct DeliveryLanes
{
	DeliveryLane of[LANE_COUNT];
	bool		is_their_turn;	/* to fetch: the other readers have since */
	LaneKind	fetched_last;	/* the others go first then */
	int64_t		pass_begin_ms;

	/* staggered keys are given to Redis in portions */
	StaggerPace pace;
	NameSets	portion;		/* borrowed by Redis' target */
	size_t		portion_position;	/* in running, behind the portion */
	LoopTimer	portion_timer;	/* armed until the next one is due */
} DeliveryLanes;

/* See delivery_repeat.h. */
typedef struct DeliveryRepeat
{
	bool		is_on;			/* else nothing below is used */
	Standbys	standbys;
	bool		wants_report;	/* who is late has changed */

	/* of the session */
	char	   *cursor;			/* owned; where the next fetch of this starts */
	char	   *until;			/* owned; how far the last one was to go, or
								 * NULL */
	char	   *asked_cursor;	/* owned; whose mark is asked for, or NULL */
	bool		is_exhausted;	/* all before until was fetched */
	bool		wants_mark;		/* more was fetched since the last mark */
	bool		is_its_turn;	/* the other reader has fetched since */
	int64_t		poll_ms;		/* from the last question to the next */
	int64_t		asked_ms;		/* when it was */
	int64_t		marked_ms;		/* when the last mark was asked for */
	LoopTimer	poll_timer;
} DeliveryRepeat;

/* See delivery_probe.h. */
typedef struct DeliveryProbe
{
	bool		is_away;		/* Redis is, and the timer was set */
	bool		is_asked;		/* the fetch under way is one */
	LoopTimer	timer;			/* armed until the next one */
} DeliveryProbe;

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
	bool		is_trim_due;
	FetchPace	pace;
	BellTrust	bell_trust;
	AckPace		ack_pace;
	DeliveryRepeat repeat;
	DeliveryProbe probe;
	Lag			lag;			/* of the session */
	uint64_t	pass_begin_keys;	/* counted as scanned when the pass began */
	LoopTimer	idle_timer;		/* armed while sleeping or lingering */
	LoopTimer	ack_timer;		/* armed while an acknowledgement waits */
	LoopTimer	trim_timer;
};

#endif
