/*-------------------------------------------------------------------------
 *
 * collect.h
 *	  Takes in invalidations from rules and people.
 *
 * Those for targets that have a consumer go to the transaction's pending ones;
 * all of them go to a recorder as well, if there is one.  Where nobody knows who has
 * a consumer, nothing is wanted, and the transaction leaves a gap.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_COLLECT_H
#define UNCACHE_COLLECT_H

#include "base/invalidation.h"

/* Where an invalidation comes from. */
typedef struct CollectSource
{
	Oid			relation_id;	/* InvalidOid and NULL: made by hand */
	const char *rule_name;		/* the trigger's */
} CollectSource;

typedef struct CollectRecorder
{
	void		(*record) (const CollectSource *source, const char *target,
						   InvalidationAction action, const char *key, Size key_length,
						   void *argument);
	void	   *argument;
} CollectRecorder;

/* Borrowed until it is replaced; NULL for none.  Returns the one before. */
extern const CollectRecorder *collect_set_recorder(const CollectRecorder *recorder);

/* Would an invalidation for the target go anywhere? */
extern bool collect_wants(const char *target, Size target_length);

/* The same for any target at all. */
extern bool collect_wants_any(void);

/* Adds an invalidation for a target that is wanted; what is longer than uncache.max_key_bytes is widened. */
extern void collect_add(const CollectSource *source, const char *target,
						InvalidationAction action, const char *key, Size key_length);

/*
 * Adds a text that a value may be part of, "[target://]key".  What stands in
 * front names a target only if that target has a consumer, for a recorder too:
 * whatever stands in a value would otherwise.
 */
extern void collect_add_text(const CollectSource *source, const char *text, Size length);

/* A RuleReachSink: adds to targets that are wanted; the argument is a CollectSource. */
extern void collect_add_reach(const char *target, InvalidationAction action, const char *key, Size key_length,
							  void *source);

/* Adds a resync of each target that has a consumer. */
extern void collect_add_resync(const CollectSource *source);

#endif
