/*-------------------------------------------------------------------------
 *
 * fault_point.h
 *	  Named places at which a test can end or stop the daemon.
 *
 * They are nothing at all but in the build with FAULTS=1, which is for tests
 * only: see tests/faults/fault_point.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_FAULT_POINT_H
#define UNCACHED_FAULT_POINT_H

#ifdef UNCACHED_FAULT_POINTS

extern void fault_point_reach(const char *name);

#define FAULT_POINT(name) fault_point_reach(name)

#else
#define FAULT_POINT(name) ((void) 0)
#endif

#endif
