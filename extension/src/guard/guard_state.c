/*-------------------------------------------------------------------------
 *
 * guard_state.c
 *	  What is guarded at present, for whom, and what has been refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "guard/guard_state.h"
#include "miscadmin.h"

static uint64 refusals = 0;
static Oid	keys_owner_id = InvalidOid;

int
guard_state_context(void)
{
	Oid			user_id;
	int			security_context;

	GetUserIdAndSecContext(&user_id, &security_context);
	return security_context;
}

Oid
guard_state_keys_owner(void)
{
	return keys_owner_id;
}

Oid
guard_state_set_keys_owner(Oid role_id)
{
	Oid			before = keys_owner_id;

	keys_owner_id = role_id;
	return before;
}

uint64
guard_state_refusals(void)
{
	return refusals;
}

void
guard_state_add_refusal(void)
{
	refusals++;
}

void
guard_state_check_refusals(uint64 before)
{
	if (refusals != before)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a function that it calls could not call another one")));
}
