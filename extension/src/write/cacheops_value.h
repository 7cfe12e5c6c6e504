/*-------------------------------------------------------------------------
 *
 * cacheops_value.h
 *	  A column's value → the JSON that it is in a row's image.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CACHEOPS_VALUE_H
#define UNCACHE_CACHEOPS_VALUE_H

#include "compile/cacheops_rule.h"
#include "lib/stringinfo.h"

/*
 * Appends a value that is not null, or the list of the forms that clients may have
 * of it.  False if it is too long for any image.  Not of CACHEOPS_GUARDED_OUTPUT.
 */
extern bool cacheops_value_append(StringInfo out, const CacheopsRule * cacheops, const CacheopsField *field, Datum datum);

#endif
