/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  How often something took how long.
 *
 * Pure.  All histograms have the same bounds, from a tenth of a millisecond to ten minutes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_HISTOGRAM_H
#define UNCACHED_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUND_COUNT 18

/* Upper bounds, each included, in ascending order. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BOUND_COUNT];

/* All zero is one without observations. */
typedef struct Histogram
{
	uint64_t	counts[HISTOGRAM_BOUND_COUNT + 1];	/* between two bounds; the
													 * last beyond all */
	uint64_t	count;
	uint64_t	sum_us;
} Histogram;

/* So many took that long; less than nothing counts as nothing. */
extern void histogram_add(Histogram *histogram, int64_t time_us, uint64_t count);

#endif
