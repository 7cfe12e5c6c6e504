/*-------------------------------------------------------------------------
 *
 * caretaker.c
 *	  Trims the journal in the place of daemons that are gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "base/lock_class.h"
#include "consume/caretaker.h"
#include "executor/spi.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#define TRIM_STATEMENT "SELECT uncache.trim()"

/* Has trim() left rows that nobody wants, since all consumers are lost and somebody was using the segment? */
#define LEFT_STATEMENT \
	"SELECT NOT EXISTS (SELECT FROM uncache.consumers c WHERE c.lost_at IS NULL)" \
	" AND uncache_internal.segments_are_due(make_interval(secs => uncache_internal.retention_seconds()))"

/*
 * trim() waits for nobody.  What it has left is tried again, at growing intervals, for some ten
 * seconds; not while a consumer lives, whose daemon trims.
 */
#define FIRST_PAUSE_MS	10
#define LAST_PAUSE_MS	5120

PGDLLEXPORT void uncache_caretaker_main(Datum database_id);

void
caretaker_start(void)
{
	BackgroundWorker worker = {.bgw_restart_time = BGW_NEVER_RESTART};

	if (!IsUnderPostmaster || RecoveryInProgress())
		return;
	strlcpy(worker.bgw_name, "uncache caretaker", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "uncache caretaker", sizeof(worker.bgw_type));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	strlcpy(worker.bgw_library_name, "$libdir/uncache", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "uncache_caretaker_main",
			sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	(void) RegisterDynamicBackgroundWorker(&worker, NULL);
}

static void
set(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

/* As a daemon's session has them, whatever the database's defaults are. */
static void
pin_settings(void)
{
	set("default_transaction_isolation", "read committed");
	set("default_transaction_read_only", "off");
	set("search_path", "pg_catalog, pg_temp");
	set("synchronous_commit", "local");
	set("lock_timeout", "10s");
	set("jit", "off");
	set("enable_seqscan", "off");
}

/* Only one at a time in a database; the lock ends with the worker. */
static bool
is_alone(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, 0, LOCK_CLASS_CARETAKER);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* The one value that a statement returns. */
static Datum
query(const char *statement)
{
	bool		is_null = false;
	Datum		value;

	if (SPI_execute(statement, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not execute \"%s\"", statement);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	if (is_null)
		elog(ERROR, "\"%s\" returned null", statement);
	return value;
}

/* Is it to be tried again? */
static bool
trim(void)
{
	bool		has_left;

	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	(void) query(TRIM_STATEMENT);
	has_left = DatumGetBool(query(LEFT_STATEMENT));
	PopActiveSnapshot();
	SPI_finish();
	return has_left;
}

static bool
work(void)
{
	bool		has_left = false;

	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, TRIM_STATEMENT);
	/* the extension may be gone by now */
	if (OidIsValid(catalog_find(CATALOG_CONSUMERS)) && is_alone())
		has_left = trim();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
	return has_left;
}

static void
nap(long pause_ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause_ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
uncache_caretaker_main(Datum database_id)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database_id), InvalidOid, 0);
	pin_settings();
	for (long pause_ms = FIRST_PAUSE_MS; work() && pause_ms <= LAST_PAUSE_MS; pause_ms *= 2)
		nap(pause_ms);
}
