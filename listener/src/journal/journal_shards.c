/*-------------------------------------------------------------------------
 *
 * journal_shards.c
 *	  What is told to the journal of the primaries of a Redis Cluster, as JSON.
 *
 * Ids consist of characters that JSON takes as they are: redis_history_read() sees to that.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_shards.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* For one history: three ids, two numbers, and the names of all that. */
#define ITEM_BYTES (3 * REDIS_ID_BYTES + 2 * 20 + 100)

/* Writes one item; returns its length. */
typedef int (*ItemWriter) (const RedisHistory *history, char *text);

static int
write_shard(const RedisHistory *history, char *text)
{
	int			used = snprintf(text, ITEM_BYTES, "{\"server\":\"%s\",\"replid\":\"%s\",\"repl_offset\":%" PRId64,
								history->run_id, history->replid, history->offset);

	if (history->replid2[0] == '\0')
		return used + snprintf(text + used, (size_t) (ITEM_BYTES - used), "}");
	return used + snprintf(text + used, (size_t) (ITEM_BYTES - used),
						   ",\"replid2\":\"%s\",\"second_repl_offset\":%" PRId64 "}",
						   history->replid2, history->second_offset);
}

static int
write_offset(const RedisHistory *history, char *text)
{
	return snprintf(text, ITEM_BYTES, "\"%s\":%" PRId64, history->replid, history->offset);
}

/* All items with commas between them, in brackets. */
static char *
write_items(const RedisHistories *histories, ItemWriter write, char open, char close)
{
	char	   *text = malloc(histories->count * (ITEM_BYTES + 1) + 3);
	char	   *end = text;

	if (text == NULL)
		return NULL;
	*end++ = open;
	for (size_t i = 0; i < histories->count; i++)
	{
		if (i > 0)
			*end++ = ',';
		end += write(&histories->items[i], end);
	}
	*end++ = close;
	*end = '\0';
	return text;
}

char *
journal_shards_describe(const RedisHistories *histories)
{
	return write_items(histories, write_shard, '[', ']');
}

char *
journal_shards_offsets(const RedisHistories *histories)
{
	return write_items(histories, write_offset, '{', '}');
}
