/*-------------------------------------------------------------------------
 *
 * ddl_guarded.c
 *	  Follows a command without letting it fail or wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "base/settings.h"
#include "base/warning.h"
#include "ddl/ddl_due.h"
#include "ddl/ddl_guarded.h"
#include "ddl/ddl_report.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "write/invalidate.h"

void
ddl_with_snapshot(GuardedFunction function, void *argument)
{
	bool		is_needed = !ActiveSnapshotSet();

	if (is_needed)
		PushActiveSnapshot(GetTransactionSnapshot());
	function(argument);
	if (is_needed)
		PopActiveSnapshot();
}

typedef struct Call
{
	GuardedFunction function;
	void	   *argument;
} Call;

static void
call_with_short_waits(void *argument)
{
	const Call *call = argument;
	int			nest_level = settings_pin_lock_timeout(guc_follow_lock_timeout_ms);

	ddl_due_begin();
	ddl_with_snapshot(call->function, call->argument);
	AtEOXact_GUC(true, nest_level);
}

static void
resync_all(void *argument)
{
	invalidate_everything();
}

static void
report_stale(const ErrorData *error)
{
	const Warning warning = {
		.level = WARNING,
		.message = "uncache cannot invalidate",
		.detail = error->message,
		.is_detail_for_log = true,
		.hint = "Empty the caches that depend on the table."
	};

	warning_report(&warning);
}

void
ddl_guarded(GuardedFunction function, void *argument)
{
	Call		call = {function, argument};
	ErrorData  *error = guarded_call(call_with_short_waits, &call);

	if (error == NULL)
		return;
	ddl_report_failure(error);
	error = guarded_call(resync_all, NULL);
	if (error == NULL)
		error = guarded_call(ddl_due_resync, NULL);
	if (error != NULL)
		report_stale(error);
}
