/*-------------------------------------------------------------------------
 *
 * journal_request.c
 *	  What is asked of the journal, and with which parameters.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/journal_shards.h"
#include "journal/journal_source.h"
#include "journal/journal_source_internal.h"

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
		journal_source_alias(source), history != NULL ? told->run_id : NULL, null_if_empty(told->replid),
		offset, null_if_empty(told->replid2), second_offset, place, address
	};

	(void) snprintf(offset, sizeof(offset), "%" PRId64, told->offset);
	(void) snprintf(second_offset, sizeof(second_offset), "%" PRId64, told->second_offset);
	journal_source_keep_offsets(source, NULL);
	journal_source_request(source, JOURNAL_OPERATION_ATTACH, 8, parameters);
}

/* Without memory for them the server refuses, and the session is tried again. */
void
journal_source_attach_cluster(JournalSource *source, const RedisHistories *histories, const char *place)
{
	char	   *shards = journal_shards_describe(histories);
	const char *parameters[] = {journal_source_alias(source), shards, place};

	journal_source_keep_offsets(source, NULL);
	journal_source_request(source, JOURNAL_OPERATION_ATTACH_CLUSTER, 3, parameters);
	free(shards);
}

void
journal_source_fetch(JournalSource *source, const char *cursor,
					 size_t max_bytes, bool sleep)
{
	char		bytes[NUMBER_BYTES];
	const char *parameters[] = {journal_source_alias(source), cursor, bytes, sleep ? "t" : "f"};

	(void) snprintf(bytes, sizeof(bytes), "%zu", max_bytes);
	journal_source_request(source, JOURNAL_OPERATION_FETCH, 4, parameters);
}

void
journal_source_fetch_until(JournalSource *source, const char *cursor,
						   size_t max_bytes, const char *until)
{
	char		bytes[NUMBER_BYTES];
	const char *parameters[] = {journal_source_alias(source), cursor, bytes, until};

	(void) snprintf(bytes, sizeof(bytes), "%zu", max_bytes);
	journal_source_request(source, JOURNAL_OPERATION_FETCH_UNTIL, 4, parameters);
}

void
journal_source_place(JournalSource *source, const RedisHistories *histories)
{
	journal_source_keep_offsets(source, journal_shards_offsets(histories));
}

static void
ack_with_offsets(JournalSource *source, const char *cursor, const char *offsets)
{
	const char *parameters[] = {journal_source_alias(source), cursor, offsets};

	journal_source_request(source, JOURNAL_OPERATION_ACK_CLUSTER, 3, parameters);
}

void
journal_source_ack(JournalSource *source, const char *cursor, int64_t repl_offset)
{
	char		offset[NUMBER_BYTES];
	const char *parameters[] = {journal_source_alias(source), cursor, offset};

	if (repl_offset > 0 && journal_source_offsets(source) != NULL)
	{
		ack_with_offsets(source, cursor, journal_source_offsets(source));
		return;
	}
	(void) snprintf(offset, sizeof(offset), "%" PRId64, repl_offset);
	journal_source_request(source, JOURNAL_OPERATION_ACK, 3, parameters);
}

void
journal_source_list_resync(JournalSource *source)
{
	const char *alias = journal_source_alias(source);

	journal_source_request(source, JOURNAL_OPERATION_LIST_RESYNC, 1, &alias);
}

void
journal_source_resynced(JournalSource *source)
{
	const char *alias = journal_source_alias(source);

	journal_source_request(source, JOURNAL_OPERATION_RESYNCED, 1, &alias);
}

void
journal_source_trim(JournalSource *source)
{
	journal_source_request(source, JOURNAL_OPERATION_TRIM, 0, NULL);
}

void
journal_source_ask_standbys(JournalSource *source, const char *names, bool mark)
{
	const char *parameters[] = {journal_source_alias(source), names, mark ? "t" : "f"};

	journal_source_request(source, JOURNAL_OPERATION_STANDBYS, 3, parameters);
}

void
journal_source_report_late(JournalSource *source, const char *names)
{
	const char *parameters[] = {journal_source_alias(source), names};

	journal_source_request(source, JOURNAL_OPERATION_REPORT_LATE, 2, parameters);
}
