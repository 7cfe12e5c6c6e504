/*-------------------------------------------------------------------------
 *
 * no_code.c
 *	  Keeps functions of other people from being called for a while.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "base/function_row.h"
#include "fmgr.h"
#include "guard/no_code.h"

static bool is_in_force = false;
static needs_fmgr_hook_type next_needs_hook = NULL;
static fmgr_hook_type next_hook = NULL;

/* Input functions of citext, say, are not. */
static bool
is_anybodys(Oid function_id)
{
	return !function_row_ask(function_id, function_row_is_in_c);
}

/* Asked when a function is looked up, which is done anew for what is called by analysis. */
static bool
needs_hook(Oid function_id)
{
	return (is_in_force && function_id >= FirstNormalObjectId) ||
		(next_needs_hook != NULL && next_needs_hook(function_id));
}

static void
hook(FmgrHookEventType event, FmgrInfo *function, Datum *argument)
{
	if (is_in_force && event == FHET_START && function->fn_oid >= FirstNormalObjectId && is_anybodys(function->fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a literal must not run code: cast it from text, as in ('value'::text)::its_type")));
	if (next_hook != NULL)
		next_hook(event, function, argument);
}

static void
end_transaction(XactEvent event, void *argument)
{
	is_in_force = false;
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent_id, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		is_in_force = false;
}

void
no_code_init(void)
{
	next_needs_hook = needs_fmgr_hook;
	needs_fmgr_hook = needs_hook;
	next_hook = fmgr_hook;
	fmgr_hook = hook;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

void
no_code_enter(void)
{
	is_in_force = true;
}

void
no_code_leave(void)
{
	is_in_force = false;
}
