/*-------------------------------------------------------------------------
 *
 * redis_slot.h
 *	  Which slot of a Redis Cluster a name lies in.
 *
 * Pure.  The rule is that of the Redis Cluster specification: CRC-16/XMODEM of
 * the name, or of what stands between its first "{" and the next "}" if there is anything, modulo
 * the number of slots.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SLOT_H
#define UNCACHED_REDIS_SLOT_H

#include <stddef.h>

#define REDIS_SLOT_COUNT 16384

/* 0 to REDIS_SLOT_COUNT - 1; the name may have any bytes. */
extern unsigned int redis_slot(const char *name, size_t name_bytes);

/* What redis_slot_suffix writes. */
#define REDIS_SLOT_SUFFIX_BYTES ((size_t) 13)

/*
 * Writes what makes another name of a name, in the same slot: ":uncache:" and four letters, the same
 * each time; no zero byte follows.
 */
extern void redis_slot_suffix(const char *name, size_t name_bytes, char *suffix);

/* Behind a pattern it matches what has such a suffix, or several. */
#define REDIS_SLOT_SUFFIX_PATTERN ":uncache:*"

#endif
