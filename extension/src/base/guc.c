/*-------------------------------------------------------------------------
 *
 * guc.c
 *	  The extension's settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guc.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(uncache_retention_seconds);

bool		guc_enabled = true;
bool		guc_follow_ddl = true;
int			guc_follow_lock_timeout_ms = 100;
int			guc_pending_limit_kb = 4096;
int			guc_max_key_bytes = 16384;
int			guc_retention_s = 300;
int			guc_max_lag_s = 24 * 3600;
double		guc_max_queue_usage = 0.5;

/* only SQL reads it */
static char *consumer_row = NULL;

PG_FUNCTION_INFO_V1(uncache_max_lag_seconds);

/* No setting, but a transactional variable of SQL functions in a session. */
static void
define_variable(const char *name, const char *description, char **value, const char *start)
{
	DefineCustomStringVariable(name, description, NULL, value, start, PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL, NULL, NULL);
}

void
guc_init(void)
{
	DefineCustomBoolVariable("uncache.enabled",
							 "Invalidates what the rules of changed tables say.",
							 "Off for a bulk load, followed by uncache.invalidate_table(); invalidations by hand are made all the same.",
							 &guc_enabled,
							 true,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("uncache.follow_ddl",
							 "Makes rules follow commands that change their tables.",
							 "Off for a large migration, followed by uncache.catch_up().",
							 &guc_follow_ddl,
							 true,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);

	/*
	 * long enough for short transactions; whoever waits for the command waits
	 * longer by it
	 */
	DefineCustomIntVariable("uncache.follow_lock_timeout",
							"Time that a rule tries to get a lock when it follows a command.",
							NULL,
							&guc_follow_lock_timeout_ms,
							100, 1, INT_MAX,
							PGC_SUSET, GUC_UNIT_MS | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
							NULL, NULL, NULL);
	DefineCustomIntVariable("uncache.pending_limit",
							"Memory that a transaction's invalidations may take before they are written to the journal.",
							"Beyond it, keys that come again are journalled again.",
							&guc_pending_limit_kb,
							4096, 64, 512 * 1024,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("uncache.max_key_bytes",
							"Length beyond which a key is widened to its rule's pattern.",
							NULL,
							&guc_max_key_bytes,
							16384, 64, 1024 * 1024,
							PGC_SUSET, GUC_UNIT_BYTE,
							NULL, NULL, NULL);
	DefineCustomIntVariable("uncache.retention",
							"Time that journal rows stay after every consumer has consumed them.",
							"It should be longer than a failover of Redis takes.",
							&guc_retention_s,
							300, 0, 7 * 24 * 3600,
							PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("uncache.max_lag",
							"Time that a consumer may be behind before it is declared lost.",
							"A lost consumer's journal is released; its next start resyncs. Zero keeps the journal for ever.",
							&guc_max_lag_s,
							24 * 3600, 0, 365 * 24 * 3600,
							PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomRealVariable("uncache.max_queue_usage",
							 "Share of NOTIFY's queue beyond which daemons are not woken.",
							 "They look once a second by themselves.",
							 &guc_max_queue_usage,
							 0.5, 0, 1,
							 PGC_SUSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	define_variable("uncache.consumer_row", "Where the row of the session's consumer is.", &consumer_row, "(0,0)");
	compat_reserve_guc_prefix("uncache");
}

/* retention_seconds() → integer; knows the setting also where none was made */
Datum
uncache_retention_seconds(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(guc_retention_s);
}

/* max_lag_seconds() → integer; knows the setting also where none was made */
Datum
uncache_max_lag_seconds(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(guc_max_lag_s);
}
