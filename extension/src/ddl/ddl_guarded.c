/*-------------------------------------------------------------------------
 *
 * ddl_guarded.c
 *	  Follows a command without letting it fail or wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/warning.h"
#include "ddl/ddl_due.h"
#include "ddl/ddl_guarded.h"
#include "ddl/ddl_patience.h"
#include "ddl/ddl_report.h"
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
call_with_snapshot(void *argument)
{
	const Call *call = argument;

	ddl_with_snapshot(call->function, call->argument);
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
	ErrorData  *error;

	ddl_patience_begin();
	error = ddl_patience_call(call_with_snapshot, &call);
	if (error == NULL)
		return;
	ddl_report_failure(error);
	error = guarded_call(resync_all, NULL);
	if (error == NULL)
		error = ddl_patience_call(ddl_due_resync, NULL);
	if (error != NULL)
		report_stale(error);
}
