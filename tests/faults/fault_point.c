/*-------------------------------------------------------------------------
 *
 * fault_point.c
 *	  Ends or stops the daemon where UNCACHED_FAULT says.
 *
 * UNCACHED_FAULT is NAME:COUNT:SIGNAL: the signal's number is raised when the
 * fault point is reached for the COUNTth time.
 *
 *-------------------------------------------------------------------------
 */
#include "base/fault_point.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void
fault_point_reach(const char *name)
{
	static long reached_count = 0;
	const char *fault = getenv("UNCACHED_FAULT");
	size_t		length = strlen(name);
	char	   *end;

	if (fault == NULL || strncmp(fault, name, length) != 0 || fault[length] != ':')
		return;
	reached_count++;
	if (strtol(fault + length + 1, &end, 10) == reached_count)
		(void) raise((int) strtol(end + 1, NULL, 10));
}
