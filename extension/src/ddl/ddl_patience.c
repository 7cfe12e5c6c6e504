/*-------------------------------------------------------------------------
 *
 * ddl_patience.c
 *	  How long following a command goes on trying to get locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "base/settings.h"
#include "ddl/ddl_patience.h"
#include "miscadmin.h"

#define PAUSE_MS 10

/* What is left of it for the command that is followed. */
static int	left_ms = 0;

void
ddl_patience_begin(void)
{
	left_ms = guc_follow_lock_timeout_ms;
}

/* False if there is no time left. */
static bool
pause_briefly(void)
{
	int			ms = Min(left_ms, PAUSE_MS);

	if (ms <= 0)
		return false;
	left_ms -= ms;
	pg_usleep(ms * 1000L);
	CHECK_FOR_INTERRUPTS();
	return true;
}

ErrorData *
ddl_patience_call(GuardedFunction function, void *argument)
{
	int			nest_level = settings_pin_no_wait();
	ErrorData  *error;

	for (;;)
	{
		error = guarded_call(function, argument);
		if (error == NULL || guarded_classify(error) != GUARDED_LOCK_TIMEOUT || !pause_briefly())
			break;
		FreeErrorData(error);
	}
	settings_restore(nest_level);
	return error;
}
