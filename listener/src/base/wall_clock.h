/*-------------------------------------------------------------------------
 *
 * wall_clock.h
 *	  The time of day, to compare with that of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_WALL_CLOCK_H
#define UNCACHED_WALL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since 1970. */
static inline int64_t
wall_clock_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
