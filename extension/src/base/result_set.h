/*-------------------------------------------------------------------------
 *
 * result_set.h
 *	  Returns rows from a set-returning function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RESULT_SET_H
#define UNCACHE_RESULT_SET_H

#include "fmgr.h"
#include "utils/tuplestore.h"

typedef struct ResultSet
{
	Tuplestorestate *store;
	TupleDesc	desc;
} ResultSet;

/* Prepares fcinfo's result; an error if the caller cannot take a set. */
extern ResultSet result_set_begin(FunctionCallInfo fcinfo);

/* Appends a row; values and nulls have one element for each column. */
extern void result_set_add(ResultSet *set, const Datum *values, const bool *nulls);

#endif
