/*-------------------------------------------------------------------------
 *
 * render.h
 *	  Rule + row → key bytes: the only reader of tuples.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RENDER_H
#define UNCACHE_RENDER_H

#include "compile/rule.h"
#include "executor/tuptable.h"

/*
 * Takes each rendered key, and what is to be done with it: where that goes by a
 * glob, characters that were not meant as such are escaped.  The bytes are
 * valid during the call only.
 */
typedef void (*RenderSink) (const RuleKey *key, InvalidationAction action,
							const char *bytes, Size length, void *argument);

/*
 * Renders every key of the rule for which wanted[] is true, for one row.  A
 * placeholder that fails becomes "*" and its key a glob; a key longer than
 * uncache.max_key_bytes becomes what render_reach() makes of it.
 */
extern void render_row(Rule *rule, TupleTableSlot *slot, const bool *wanted,
					   RenderSink sink, void *argument);

/*
 * Takes out of wanted[] the keys that render to the same for both rows; false if
 * none is left.  Most updates leave the columns alone that a key is made of.
 */
extern bool render_find_changed(const Rule *rule, TupleTableSlot *slot,
								TupleTableSlot *other, bool *wanted);

/* Renders a key for whatever row: each placeholder is "*". */
extern void render_reach(const RuleKey *key, RenderSink sink, void *argument);

#endif
