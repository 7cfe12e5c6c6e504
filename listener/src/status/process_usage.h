/*-------------------------------------------------------------------------
 *
 * process_usage.h
 *	  What this process takes of the machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PROCESS_USAGE_H
#define UNCACHED_PROCESS_USAGE_H

#include <stdint.h>

/* What could not be found out is 0. */
typedef struct ProcessUsage
{
	uint64_t	resident_bytes;
	uint64_t	cpu_us;			/* since it was started */
	uint64_t	open_fds;
} ProcessUsage;

extern ProcessUsage process_usage_read(void);

#endif
