/*-------------------------------------------------------------------------
 *
 * journal_request.c
 *	  What is asked of the journal, and with which parameters.
 *
 * The functions of journal_source.h that call docs/protocol.md's; the session
 * is journal_source.c's.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_request.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_BYTES 24

static const char *
null_if_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

void
journal_source_attach(JournalSource *source, const RedisHistory *history, const char *place,
					  const char *address)
{
	static const RedisHistory none;
	const RedisHistory *told = history != NULL ? history : &none;
	char		offset[NUMBER_BYTES];
	char		second_offset[NUMBER_BYTES];
	const char *parameters[] = {
		journal_request_target(source), history != NULL ? told->run_id : NULL, null_if_empty(told->replid),
		offset, null_if_empty(told->replid2), second_offset, place, address
	};

	(void) snprintf(offset, sizeof(offset), "%" PRId64, told->offset);
	(void) snprintf(second_offset, sizeof(second_offset), "%" PRId64, told->second_offset);
	journal_request_start(source, JOURNAL_OPERATION_ATTACH, 8, parameters);
}

void
journal_source_fetch(JournalSource *source, const char *cursor,
					 size_t max_bytes, bool sleep)
{
	char		bytes[NUMBER_BYTES];
	const char *parameters[] = {journal_request_target(source), cursor, bytes, sleep ? "t" : "f"};

	(void) snprintf(bytes, sizeof(bytes), "%zu", max_bytes);
	journal_request_start(source, JOURNAL_OPERATION_FETCH, 4, parameters);
}

void
journal_source_fetch_until(JournalSource *source, const char *cursor,
						   size_t max_bytes, const char *until)
{
	char		bytes[NUMBER_BYTES];
	const char *parameters[] = {journal_request_target(source), cursor, bytes, until};

	(void) snprintf(bytes, sizeof(bytes), "%zu", max_bytes);
	journal_request_start(source, JOURNAL_OPERATION_FETCH_UNTIL, 4, parameters);
}

void
journal_source_ack(JournalSource *source, const char *cursor, int64_t repl_offset)
{
	char		offset[NUMBER_BYTES];
	const char *parameters[] = {journal_request_target(source), cursor, offset};

	(void) snprintf(offset, sizeof(offset), "%" PRId64, repl_offset);
	journal_request_start(source, JOURNAL_OPERATION_ACK, 3, parameters);
}

void
journal_source_list_resync(JournalSource *source)
{
	const char *target = journal_request_target(source);

	journal_request_start(source, JOURNAL_OPERATION_LIST_RESYNC, 1, &target);
}

void
journal_source_resynced(JournalSource *source)
{
	const char *target = journal_request_target(source);

	journal_request_start(source, JOURNAL_OPERATION_RESYNCED, 1, &target);
}

void
journal_source_trim(JournalSource *source, unsigned int max_rows)
{
	char		rows[NUMBER_BYTES];
	const char *parameters[] = {rows};

	(void) snprintf(rows, sizeof(rows), "%u", max_rows);
	journal_request_start(source, JOURNAL_OPERATION_TRIM, 1, parameters);
}

void
journal_source_ask_standbys(JournalSource *source, const char *names, bool mark)
{
	const char *parameters[] = {journal_request_target(source), names, mark ? "t" : "f"};

	journal_request_start(source, JOURNAL_OPERATION_STANDBYS, 3, parameters);
}

void
journal_source_report_late(JournalSource *source, const char *names)
{
	const char *parameters[] = {journal_request_target(source), names};

	journal_request_start(source, JOURNAL_OPERATION_REPORT_LATE, 2, parameters);
}
