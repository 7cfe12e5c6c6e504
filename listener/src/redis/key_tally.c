/*-------------------------------------------------------------------------
 *
 * key_tally.c
 *	  How many keys were named to a Redis, and how many of them it had.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/key_tally.h"

bool
key_tally_take(KeyTally *tally, uint64_t named_count, uint64_t deleted_count)
{
	bool		was_suspicious = tally->is_suspicious;

	tally->named_count += named_count;
	tally->deleted_count += deleted_count;
	tally->missed_count = deleted_count > 0 ? 0 : tally->missed_count + named_count;
	tally->is_suspicious = tally->missed_count >= KEY_TALLY_SUSPICIOUS_KEYS;
	return tally->is_suspicious && !was_suspicious;
}
