/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  How often something took how long.
 *
 *-------------------------------------------------------------------------
 */
#include "base/histogram.h"

#include <stddef.h>

const int64_t histogram_bounds_us[HISTOGRAM_BOUND_COUNT] = {
	100, 250, 500,
	1000, 2500, 5000,
	10000, 25000, 50000,
	100000, 250000, 500000,
	1000000, 2500000, 5000000,
	10000000, 60000000, 600000000
};

void
histogram_add(Histogram *histogram, int64_t time_us, uint64_t count)
{
	size_t		place = 0;

	if (time_us < 0)
		time_us = 0;
	while (place < HISTOGRAM_BOUND_COUNT && time_us > histogram_bounds_us[place])
		place++;
	histogram->counts[place] += count;
	histogram->count += count;
	histogram->sum_us += (uint64_t) time_us * count;
}
