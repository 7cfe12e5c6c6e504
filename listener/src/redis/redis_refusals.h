/*-------------------------------------------------------------------------
 *
 * redis_refusals.h
 *	  Why none of a host's addresses could be used.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_REFUSALS_H
#define UNCACHED_REDIS_REFUSALS_H

#include <stddef.h>

#include "redis/redis_error.h"

#define REDIS_REFUSALS_REASON_BYTES 256
#define REDIS_REFUSALS_TEXT_BYTES 640

typedef struct RedisRefusals
{
	size_t		count;
	int			rank;			/* of the one that counts */
	RedisFailure failure;		/* likewise */
	char		reason[REDIS_REFUSALS_REASON_BYTES];	/* likewise */
	char		address[64];	/* likewise */
	char		others[REDIS_REFUSALS_TEXT_BYTES / 2];	/* in their order */
} RedisRefusals;

/* Fills caller's storage; nothing is to be freed. */
extern void redis_refusals_clear(RedisRefusals *refusals);

/* "address" may be "", if it is not known to be one of several. */
extern void redis_refusals_add(RedisRefusals *refusals, const char *address,
							   RedisFailure failure, const char *reason);

/*
 * What to say and to do about all of them.  The text begins with the reason that
 * counts, so that redis_error_kind() understands it: what an operator must act on
 * before what passes by itself, and that before what never does, because another
 * address is to be tried again soon; of the same kind what Redis answered comes
 * first.  If there were several, it says which was whose.
 */
extern RedisFailure redis_refusals_tell(const RedisRefusals *refusals, char *text,
										size_t text_bytes);

#endif
