/*-------------------------------------------------------------------------
 *
 * journal_wire.h
 *	  An asynchronous libpq connection on the loop: connecting, sending,
 *	  results, bells.
 *
 * Part of journal_source: what libpq needs done when a socket is ready, apart
 * from what is said over it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_WIRE_H
#define UNCACHED_JOURNAL_WIRE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/loop.h"
#include "journal/journal_conninfo.h"

typedef struct JournalWire
{
	Loop	   *loop;			/* borrowed */
	PGconn	   *conn;			/* owned; NULL while closed */
	LoopWatch	watch;
	PGresult   *result;			/* owned; of the query under way, or NULL */
} JournalWire;

typedef enum JournalWireState
{
	JOURNAL_WIRE_AWAITED,		/* it goes on when the socket is ready */
	JOURNAL_WIRE_DONE,
	JOURNAL_WIRE_BROKEN,		/* wire->result says why, or libpq does */
	JOURNAL_WIRE_NO_MEMORY
} JournalWireState;

/* Prepares caller's storage.  "ready" is called when the socket is ready. */
extern void journal_wire_init(JournalWire *wire, Loop *loop, LoopWatchCallback ready,
							  void *context);

/* Begins to connect: awaited, if all goes well.  Only while closed. */
extern JournalWireState journal_wire_connect(JournalWire *wire, const JournalConninfo *info);

/* Connecting, and the socket is ready. */
extern JournalWireState journal_wire_poll(JournalWire *wire);

/* Sends what libpq still holds, and waits for what has to come; never "awaited". */
extern JournalWireState journal_wire_flush(JournalWire *wire);

/* The socket is ready: reads what is there, and flushes. */
extern JournalWireState journal_wire_receive(JournalWire *wire);

/*
 * Done: the query is answered, and its last result is wire->result.  Awaited: more
 * of the answer has to come.
 */
extern JournalWireState journal_wire_take_answer(JournalWire *wire);

/* The caller owns that last result now; NULL if there was none. */
extern PGresult *journal_wire_detach_result(JournalWire *wire);

/* Has the doorbell rung since the last call? */
extern bool journal_wire_take_bells(JournalWire *wire);

extern void journal_wire_close(JournalWire *wire);

#endif
