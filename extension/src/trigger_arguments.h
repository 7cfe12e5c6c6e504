/*-------------------------------------------------------------------------
 *
 * trigger_arguments.h
 *	  The arguments of a trigger, from its catalog row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_TRIGGER_ARGUMENTS_H
#define UNCACHE_TRIGGER_ARGUMENTS_H

#include "access/htup.h"
#include "array.h"
#include "utils/relcache.h"

/* triggers: pg_trigger.  A palloc'd text[]. */
extern ArrayType *trigger_arguments_get(Relation triggers, HeapTuple tuple);

#endif
