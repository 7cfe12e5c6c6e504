/*-------------------------------------------------------------------------
 *
 * key_tally.h
 *	  How many keys were named to a Redis, and how many of them it had.
 *
 * Pure.  A daemon whose prefix or database number is wrong looks well: every UNLINK
 * succeeds, and finds nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_KEY_TALLY_H
#define UNCACHED_KEY_TALLY_H

#include <stdbool.h>
#include <stdint.h>

/* So many keys of which not one was there are suspicious. */
#define KEY_TALLY_SUSPICIOUS_KEYS UINT64_C(10000)

/* Since the target was created.  All zero is one without keys. */
typedef struct KeyTally
{
	uint64_t	named_count;
	uint64_t	deleted_count;	/* those that were there */
	uint64_t	missed_count;	/* named since one was there last */
	bool		is_suspicious;	/* and that was said */
} KeyTally;

/*
 * Some keys were named, of which so many were there.  True if this makes the target
 * suspicious: not again before a key was there.
 */
extern bool key_tally_take(KeyTally *tally, uint64_t named_count, uint64_t deleted_count)
			__attribute__((warn_unused_result));

#endif
