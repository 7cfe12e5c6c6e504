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
#include "fmgr.h"
#include "no_code.h"

static bool is_in_force = false;
static needs_fmgr_hook_type next_needs_hook = NULL;
static fmgr_hook_type next_hook = NULL;

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
	if (is_in_force && event == FHET_START && function->fn_oid >= FirstNormalObjectId)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a literal of a rule's query must not run code"),
				 errhint("Cast it from text: ('value'::text)::the_type.")));
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
