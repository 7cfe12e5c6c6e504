/*-------------------------------------------------------------------------
 *
 * own_sql.c
 *	  Changes the extension's own tables by SQL, as their owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "own_sql.h"
#include "owner.h"
#include "settings.h"
#include "utils/builtins.h"

static uint64
execute(const char *statement, int argument_count, const char *const *arguments)
{
	Oid		   *types = palloc(argument_count * sizeof(Oid));
	Datum	   *values = palloc(argument_count * sizeof(Datum));
	uint64		row_count;
	int			result;
	int			i;

	for (i = 0; i < argument_count; i++)
	{
		types[i] = TEXTOID;
		values[i] = CStringGetTextDatum(arguments[i]);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_with_args(statement, argument_count, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	row_count = SPI_processed;
	(void) SPI_finish();
	return row_count;
}

uint64
own_sql_execute(const char *statement, int argument_count, const char *const *arguments)
{
	int			nest_level = settings_pin_all();
	OwnerActing before = owner_enter();
	uint64		row_count = execute(statement, argument_count, arguments);

	owner_leave(before);
	settings_restore(nest_level);
	return row_count;
}
