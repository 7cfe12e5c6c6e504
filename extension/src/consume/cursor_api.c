/*-------------------------------------------------------------------------
 *
 * cursor_api.c
 *	  SQL functions that tell what a cursor says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "consume/journal_reader.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(uncache_cursor_begin);
PG_FUNCTION_INFO_V1(uncache_cursor_end);
PG_FUNCTION_INFO_V1(uncache_cursor_has_consumed);

static Cursor *
get_cursor(Datum text_datum)
{
	return journal_reader_parse_cursor(TextDatumGetCString(text_datum));
}

/* cursor_begin(cursor text) → xid8 */
Datum
uncache_cursor_begin(PG_FUNCTION_ARGS)
{
	uint64		xid = cursor_begin(get_cursor(PG_GETARG_DATUM(0)));

	PG_RETURN_FULLTRANSACTIONID(FullTransactionIdFromU64(xid));
}

/* cursor_end(cursor text) → xid8 */
Datum
uncache_cursor_end(PG_FUNCTION_ARGS)
{
	uint64		xid = cursor_end(get_cursor(PG_GETARG_DATUM(0)));

	PG_RETURN_FULLTRANSACTIONID(FullTransactionIdFromU64(xid));
}

/* cursor_has_consumed(cursor text, xid xid8, part integer) → boolean */
Datum
uncache_cursor_has_consumed(PG_FUNCTION_ARGS)
{
	uint64		xid = U64FromFullTransactionId(PG_GETARG_FULLTRANSACTIONID(1));

	PG_RETURN_BOOL(journal_reader_is_consumed(get_cursor(PG_GETARG_DATUM(0)), xid, PG_GETARG_INT32(2)));
}
