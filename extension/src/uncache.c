/*-------------------------------------------------------------------------
 *
 * uncache.c
 *	  Module magic and start-up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "compile/rule_cache.h"
#include "compile/rule_query.h"
#include "consume/consumer.h"
#include "consume/segment.h"
#include "fmgr.h"
#include "guard/no_code.h"
#include "guard/query_guard.h"
#include "own/own_shape.h"
#include "write/pending.h"

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
	segment_init();
	consumer_init();
	pending_init();
}
