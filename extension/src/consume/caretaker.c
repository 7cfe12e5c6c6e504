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
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#define TRIM_STATEMENT "SELECT uncache.trim()"

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

static void
trim(void)
{
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_execute(TRIM_STATEMENT, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not execute \"%s\"", TRIM_STATEMENT);
	PopActiveSnapshot();
	SPI_finish();
}

static void
work(void)
{
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, TRIM_STATEMENT);
	/* the extension may be gone by now */
	if (OidIsValid(catalog_find(CATALOG_CONSUMERS)) && is_alone())
		trim();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
}

void
uncache_caretaker_main(Datum database_id)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database_id), InvalidOid, 0);
	pin_settings();
	work();
}
