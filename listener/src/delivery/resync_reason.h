/*-------------------------------------------------------------------------
 *
 * resync_reason.h
 *	  The kinds of reasons for a resync.
 *
 * Pure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RESYNC_REASON_H
#define UNCACHED_RESYNC_REASON_H

typedef enum ResyncReason
{
	RESYNC_REASON_REGISTRATION, /* the target is new */
	RESYNC_REASON_LAG,			/* it was declared lost */
	RESYNC_REASON_POSTGRES,		/* PostgreSQL has crashed, or has another
								 * history */
	RESYNC_REASON_REDIS,		/* Redis may have lost deletes */
	RESYNC_REASON_PLACE,		/* deletes go to another place */
	RESYNC_REASON_JOURNAL,		/* a row asks for it */
	RESYNC_REASON_OTHER,
	RESYNC_REASON_COUNT
} ResyncReason;

extern const char *const resync_reason_names[RESYNC_REASON_COUNT];

/* Of what attach() has answered. */
extern ResyncReason resync_reason_of(const char *text);

#endif
