/*-------------------------------------------------------------------------
 *
 * owner.c
 *	  Acts as the extension's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "own/catalog.h"
#include "own/owner.h"

OwnerActing
owner_enter(void)
{
	OwnerActing before;

	GetUserIdAndSecContext(&before.user_id, &before.security_context);
	SetUserIdAndSecContext(catalog_owner_id(), before.security_context | SECURITY_LOCAL_USERID_CHANGE);
	return before;
}

void
owner_leave(OwnerActing before)
{
	SetUserIdAndSecContext(before.user_id, before.security_context);
}
