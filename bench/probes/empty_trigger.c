/*-------------------------------------------------------------------------
 *
 * empty_trigger.c
 *	  A trigger function that does nothing: what it costs is PostgreSQL's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(empty_trigger);
extern Datum empty_trigger(PG_FUNCTION_ARGS);

Datum
empty_trigger(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	return PointerGetDatum(NULL);
}
