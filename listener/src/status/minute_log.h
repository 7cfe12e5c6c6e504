/*-------------------------------------------------------------------------
 *
 * minute_log.h
 *	  A line in the log for each target that did something in the last minute.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_MINUTE_LOG_H
#define UNCACHED_MINUTE_LOG_H

#include "base/log.h"
#include "base/loop.h"
#include "status/snapshot.h"

typedef struct MinuteLog MinuteLog;

/* Begins to count.  loop, log and relay are borrowed.  NULL if memory is exhausted. */
extern MinuteLog *minute_log_create(Loop *loop, const Log *log, const Relay *relay);

/* NULL is allowed. */
extern void minute_log_destroy(MinuteLog *minute_log);

/*
 * Says what each target of the snapshot has done since the last call or, if that did not have it, since
 * it was configured.  The timer calls it.
 */
extern void minute_log_say(MinuteLog *minute_log, const Snapshot *snapshot);

#endif
