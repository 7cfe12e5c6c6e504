/*-------------------------------------------------------------------------
 *
 * uncache.c
 *	  Module magic and start-up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "consumer.h"
#include "fmgr.h"
#include "guc.h"
#include "no_code.h"
#include "own_shape.h"
#include "pending.h"
#include "query_guard.h"
#include "rule_cache.h"
#include "rule_query.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	guc_init();
	rule_cache_init();
	rule_query_init();
	no_code_init();
	query_guard_init();
	own_shape_init();
	consumer_init();
	pending_init();
}
