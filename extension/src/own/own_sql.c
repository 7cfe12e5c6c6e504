/*-------------------------------------------------------------------------
 *
 * own_sql.c
 *	  Reads and changes the extension's own tables by SQL, as their owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "own/own_sql.h"
#include "own/owner.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* The current result of SPI, copied into a context. */
static List *
copy_rows(MemoryContext context)
{
	MemoryContext before = MemoryContextSwitchTo(context);
	int			column_count = SPI_tuptable->tupdesc->natts;
	List	   *rows = NIL;
	uint64		i;
	int			column;

	for (i = 0; i < SPI_processed; i++)
	{
		char	  **row = palloc(column_count * sizeof(char *));

		for (column = 0; column < column_count; column++)
		{
			bool		is_null;
			Datum		value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column + 1, &is_null);

			row[column] = is_null ? NULL : TextDatumGetCString(value);
		}
		rows = lappend(rows, row);
	}
	MemoryContextSwitchTo(before);
	return rows;
}

/* The number of rows; *rows are those of a query, unless it is NULL. */
static uint64
execute(const char *statement, int argument_count, const char *const *arguments, List **rows)
{
	MemoryContext context = CurrentMemoryContext;
	Oid		   *types = palloc(argument_count * sizeof(Oid));
	Datum	   *values = palloc0(argument_count * sizeof(Datum));
	char	   *nulls = palloc(argument_count);
	uint64		row_count;
	int			result;
	int			i;

	for (i = 0; i < argument_count; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = arguments[i] == NULL ? 'n' : ' ';
		if (arguments[i] != NULL)
			values[i] = CStringGetTextDatum(arguments[i]);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_with_args(statement, argument_count, types, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	row_count = SPI_processed;
	if (rows != NULL)
		*rows = copy_rows(context);
	(void) SPI_finish();
	return row_count;
}

static uint64
execute_as_owner(const char *statement, int argument_count, const char *const *arguments, List **rows)
{
	int			nest_level = settings_pin_all();
	OwnerActing before = owner_enter();
	uint64		row_count = execute(statement, argument_count, arguments, rows);

	owner_leave(before);
	settings_restore(nest_level);
	return row_count;
}

uint64
own_sql_execute(const char *statement, int argument_count, const char *const *arguments)
{
	return execute_as_owner(statement, argument_count, arguments, NULL);
}

List *
own_sql_query(const char *statement, int argument_count, const char *const *arguments)
{
	List	   *rows = NIL;

	(void) execute_as_owner(statement, argument_count, arguments, &rows);
	return rows;
}

char *
own_sql_oid(Oid id)
{
	return psprintf("%u", id);
}

char *
own_sql_array(const StringArray *array)
{
	Datum	   *elements = palloc(Max(array->count, 1) * sizeof(Datum));
	int			i;

	for (i = 0; i < array->count; i++)
		elements[i] = CStringGetTextDatum(array->strings[i]);
	return OidOutputFunctionCall(F_ARRAY_OUT,
								 PointerGetDatum(construct_array(elements, array->count, TEXTOID, -1, false, TYPALIGN_INT)));
}
