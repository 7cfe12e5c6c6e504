/*-------------------------------------------------------------------------
 *
 * readiness.h
 *	  Does the daemon do for all targets what it is there for?
 *
 * Pure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_READINESS_H
#define UNCACHED_READINESS_H

#include <stdio.h>

#include "status/snapshot.h"

/*
 * Ready is a target that is attached, with its Redis there and a lag of at most max_lag_ms;
 * and one that stands by for another daemon.  Writes a line for each that is not.  True if all
 * are.
 */
extern bool readiness_write(const Snapshot *snapshot, int64_t max_lag_ms, FILE *stream);

#endif
