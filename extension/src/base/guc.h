/*-------------------------------------------------------------------------
 *
 * guc.h
 *	  The extension's settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GUC_H
#define UNCACHE_GUC_H

/* false: what triggers would invalidate is not invalidated */
extern bool guc_enabled;

/* false: event triggers let rules be, whatever becomes of their tables */
extern bool guc_follow_ddl;

/* ms that an event trigger waits for a lock */
extern int	guc_follow_lock_timeout_ms;

/* kB of memory that a transaction's invalidations may take before they are
 * written to the journal early */
extern int	guc_pending_limit_kb;

/* bytes; a longer key is widened to its rule's pattern */
extern int	guc_max_key_bytes;

/* s that journal rows stay after every consumer has consumed them */
extern int	guc_retention_s;

/* s that a consumer may be behind before it is declared lost; 0: for ever */
extern int	guc_max_lag_s;

/* share of NOTIFY's queue, 0 to 1, beyond which no doorbell is rung */
extern double guc_max_queue_usage;

extern void guc_init(void);

#endif
