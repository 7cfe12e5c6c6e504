/*-------------------------------------------------------------------------
 *
 * gap.c
 *	  Transactions whose invalidations could not be journalled.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/xact.h"
#include "base/warning.h"
#include "consume/gap.h"
#include "own/own_table.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

static bool has_warned = false;
static bool has_warned_of_passing = false;

static bool
insert_row(OwnTable *table, const char *reason)
{
	Datum		values[GAP_COLUMN_COUNT];

	values[GAP_COLUMN_XID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	values[GAP_COLUMN_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[GAP_COLUMN_REASON] = CStringGetTextDatum(reason);
	return own_table_insert(table, values);
}

static void
warn_of_gap(const char *reason, bool passes_by_itself)
{
	bool	   *has = passes_by_itself ? &has_warned_of_passing : &has_warned;
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("the invalidations of this transaction cannot be journalled: %s", reason),
		.detail = "The write continues, and every target resyncs: everything that its rules can produce is deleted, but not what was invalidated by hand.",
		.hint = passes_by_itself ? NULL :
		"Undo the changes to the tables of extension uncache; after an upgrade of the extension, reconnect."
	};

	if (*has)
		return;
	*has = true;
	warning_report(&warning);
}

/* Also into the log, whatever a client does with its warnings. */
static void
warn_of_loss(const char *reason, const char *gap_problem)
{
	const Warning log = {
		.level = LOG_SERVER_ONLY,
		.message = psprintf("uncache has lost the invalidations of transaction " UINT64_FORMAT ": %s; %s",
							U64FromFullTransactionId(GetTopFullTransactionId()), reason, gap_problem)
	};
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("the invalidations of this transaction are lost: %s", reason),
		.detail = psprintf("A resync cannot be requested either: %s.", gap_problem),
		.hint = "Repair the tables of extension uncache, then call uncache.invalidate_all()."
	};

	warning_report(&log);
	warning_report(&warning);
}

void
gap_write(const char *reason, bool passes_by_itself)
{
	OwnTable	table;
	bool		is_written = false;

	if (own_table_open(&table, CATALOG_GAPS, OWN_TABLE_INSERT, BRIEF_LOCK_WAIT) == OWN_TABLE_READY)
	{
		is_written = insert_row(&table, reason);
		own_table_close(&table);
	}
	if (table.state == OWN_TABLE_ABSENT)
		return;
	if (is_written)
		warn_of_gap(reason, passes_by_itself);
	else
		warn_of_loss(reason, table.problem);
}

static void
scan(OwnTable *table, GapFunction take, void *argument)
{
	SysScanDesc scan_desc = systable_beginscan(table->relation, InvalidOid, false,
											   GetActiveSnapshot(), 0, NULL);
	bool		goes_on = true;
	HeapTuple	tuple;

	while (goes_on && (tuple = systable_getnext(scan_desc)) != NULL)
	{
		Datum		values[GAP_COLUMN_COUNT];
		bool		nulls[GAP_COLUMN_COUNT];

		own_table_deform(table, tuple, values, nulls);
		if (!nulls[GAP_COLUMN_XID] && !nulls[GAP_COLUMN_AT])
			goes_on = take(U64FromFullTransactionId(DatumGetFullTransactionId(values[GAP_COLUMN_XID])),
						   DatumGetTimestampTz(values[GAP_COLUMN_AT]), argument);
	}
	systable_endscan(scan_desc);
}

void
gap_walk(GapFunction take, void *argument)
{
	OwnTable	table;

	own_table_open_or_raise(&table, CATALOG_GAPS, OWN_TABLE_SCAN);

	/* nearly always */
	if (RelationGetNumberOfBlocks(table.relation) > 0)
		scan(&table, take, argument);
	own_table_close(&table);
}
