/*-------------------------------------------------------------------------
 *
 * owner.h
 *	  Acts as the extension's owner.
 *
 * Only where nobody else has written a word of what is done.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWNER_H
#define UNCACHE_OWNER_H

/* Who acted before; restored by owner_leave(), or by the end of the (sub)transaction after an error. */
typedef struct OwnerActing
{
	Oid			user_id;
	int			security_context;
} OwnerActing;

extern OwnerActing owner_enter(void);
extern void owner_leave(OwnerActing before);

#endif
