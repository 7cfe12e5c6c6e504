/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  The metrics: each one's name, what it says, and from where in a snapshot it comes.
 *
 * No label has anything but targets' aliases, Redis' addresses, and words of tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_METRICS_H
#define UNCACHED_METRICS_H

#include <stdio.h>

#include "status/metric_text.h"
#include "status/snapshot.h"

extern void metrics_write(const Snapshot *snapshot, MetricFormat format, FILE *stream);

#endif
