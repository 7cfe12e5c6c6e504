/*-------------------------------------------------------------------------
 *
 * function_row.h
 *	  Asks a function's row of pg_proc something.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_FUNCTION_ROW_H
#define UNCACHE_FUNCTION_ROW_H

#include "access/htup.h"

/* "function" is valid during the call only. */
typedef bool (*FunctionQuestion) (HeapTuple function);

/* False as well if there is no such function. */
extern bool function_row_ask(Oid function_id, FunctionQuestion question);

/* Is it in C or internal, so that a superuser has made it? */
extern bool function_row_is_in_c(HeapTuple function);

#endif
