/*-------------------------------------------------------------------------
 *
 * session_use.h
 *	  Pure: whether a session with PostgreSQL is of use, and how long to wait
 *	  for the next one.
 *
 * Whatever a session does first says nothing of what made the last one fail: it is of
 * use when that has been done, and a batch is acknowledged or it has lasted for the
 * longest backoff.  What is seldom done may still fail then, but after a minute that is
 * another failure.  The next backoff is short as soon as it has lasted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SESSION_USE_H
#define UNCACHED_SESSION_USE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"

typedef struct SessionUse
{
	Backoff		backoff;
	int64_t		cap_ms;			/* the longest backoff */
	int64_t		connected_ms;	/* when the session was connected */
	unsigned int attach_count;	/* since one was of use */
} SessionUse;

/* Prepares caller's storage. */
extern void session_use_init(SessionUse *use, int64_t first_ms, int64_t cap_ms, uint64_t seed);

/* A session is connected; it is attached and works. */
extern void session_use_connect(SessionUse *use, int64_t now_ms);
extern void session_use_attach(SessionUse *use);

/*
 * The database has answered; is_ack: it has acknowledged a batch.  owes_nothing: all has
 * been done again that failed last.  True if the session is of use.
 */
extern bool session_use_take_answer(SessionUse *use, int64_t now_ms, bool is_ack,
									bool owes_nothing) __attribute__((warn_unused_result));

/* Was another one attached since one was of use?  Then this one is no news. */
extern bool session_use_is_repeated(const SessionUse *use);

/* The next session is begun on purpose: it is news. */
extern void session_use_restart(SessionUse *use);

/* The session was lost: how long to wait for the next one. */
extern int64_t session_use_wait_ms(SessionUse *use);

#endif
