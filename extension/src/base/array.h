/*-------------------------------------------------------------------------
 *
 * array.h
 *	  text[] → C strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_ARRAY_H
#define UNCACHE_ARRAY_H

#include "utils/array.h"

typedef struct StringArray
{
	char	  **strings;
	int			count;
} StringArray;

/* palloc'd.  Raises if an element is null; "what" says what elements are. */
extern StringArray array_get_strings(ArrayType *array, const char *what);

/* The same strings in the same order? */
extern bool array_equals(const StringArray *a, const StringArray *b);

#endif
