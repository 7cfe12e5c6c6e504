/*-------------------------------------------------------------------------
 *
 * redis_refusals.c
 *	  Why none of a host's addresses could be used.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_refusals.h"

#include <stdio.h>
#include <string.h>

/* An error's text can be long; in a list each gets so much room. */
#define LISTED_REASON_CHARS 80

void
redis_refusals_clear(RedisRefusals *refusals)
{
	memset(refusals, 0, sizeof(*refusals));
}

static int
rank_of(RedisFailure failure, const char *reason)
{
	static const int ranks[] = {
		[REDIS_REACTION_ALARM] = 4,
		[REDIS_REACTION_RETRY] = 2,
		[REDIS_REACTION_FATAL] = 0,
	};

	return ranks[redis_error_kind(failure, reason)->reaction] +
		(failure == REDIS_FAILURE_REPLY ? 1 : 0);
}

static void
list_other(RedisRefusals *refusals, const char *address, const char *reason)
{
	size_t		used = strlen(refusals->others);

	(void) snprintf(refusals->others + used, sizeof(refusals->others) - used,
					"; %s: %.*s", address, LISTED_REASON_CHARS, reason);
}

void
redis_refusals_add(RedisRefusals *refusals, const char *address, RedisFailure failure,
				   const char *reason)
{
	int			rank = rank_of(failure, reason);

	if (refusals->count++ > 0 && rank <= refusals->rank)
	{
		list_other(refusals, address, reason);
		return;
	}
	if (refusals->count > 1)
		list_other(refusals, refusals->address, refusals->reason);
	refusals->rank = rank;
	refusals->failure = failure;
	(void) snprintf(refusals->reason, sizeof(refusals->reason), "%s", reason);
	(void) snprintf(refusals->address, sizeof(refusals->address), "%s", address);
}

RedisFailure
redis_refusals_tell(const RedisRefusals *refusals, char *text, size_t text_bytes)
{
	if (refusals->count < 2)
		(void) snprintf(text, text_bytes, "%s", refusals->reason);
	else
		(void) snprintf(text, text_bytes, "%s (%s)%s", refusals->reason,
						refusals->address, refusals->others);
	return refusals->failure;
}
