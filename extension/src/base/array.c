/*-------------------------------------------------------------------------
 *
 * array.c
 *	  text[] → C strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/array.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

StringArray
array_get_strings(ArrayType *array, const char *what)
{
	StringArray result;
	Datum	   *elements;
	bool	   *nulls;
	int			i;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &result.count);
	result.strings = palloc(Max(result.count, 1) * sizeof(char *));
	for (i = 0; i < result.count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", what)));
		result.strings[i] = TextDatumGetCString(elements[i]);
	}
	return result;
}

bool
array_equals(const StringArray *a, const StringArray *b)
{
	int			i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
	{
		if (strcmp(a->strings[i], b->strings[i]) != 0)
			return false;
	}
	return true;
}
