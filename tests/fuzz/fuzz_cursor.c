/*-------------------------------------------------------------------------
 *
 * fuzz_cursor.c
 *	  Cursors: what is read and written reads the same, also the one that
 *	  follows of two.
 *
 * The input is two lines: a cursor, and the snapshot of a batch behind it.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "consume/cursor.h"

static bool
read_cursor(const uint8_t *data, size_t size, Cursor *cursor)
{
	char	   *text = fuzz_copy_text(data, size);
	bool		is_read;

	cursor->xip = (uint64_t *) (void *) fuzz_alloc(cursor_xip_bound(text) * sizeof(uint64_t));
	is_read = cursor_parse(text, cursor);
	free(text);
	return is_read;
}

static void
check_order(const Cursor *cursor)
{
	for (size_t i = 0; i < cursor->xip_count; i++)
	{
		FUZZ_CHECK(cursor->xip[i] < cursor->xmax);
		FUZZ_CHECK(i == 0 || cursor->xip[i - 1] < cursor->xip[i]);
		FUZZ_CHECK(cursor_has_open(cursor, cursor->xip[i]));
	}
	FUZZ_CHECK(cursor_has_open(cursor, cursor->xmax));
}

static void
check_written(const Cursor *cursor)
{
	size_t		length = cursor_format(cursor, NULL, 0);
	char	   *text = fuzz_alloc(length + 1);
	Cursor		again;

	check_order(cursor);
	FUZZ_CHECK(cursor_format(cursor, text, length + 1) == length);
	FUZZ_CHECK(strlen(text) == length);
	FUZZ_CHECK(read_cursor((const uint8_t *) text, length, &again));
	FUZZ_CHECK(again.xmax == cursor->xmax && again.xip_count == cursor->xip_count);
	FUZZ_CHECK(cursor->xip_count == 0 ||
			   memcmp(again.xip, cursor->xip, cursor->xip_count * sizeof(uint64_t)) == 0);
	FUZZ_CHECK(again.place_xid == cursor->place_xid);
	FUZZ_CHECK(cursor->place_xid == 0 || again.place_part == cursor->place_part);
	free(again.xip);
	free(text);
}

/* The batch ended within a transaction that it may have ended in, or not at all. */
static void
check_advance(const Cursor *from, const Cursor *now, uint64_t stop_xid)
{
	Cursor		next = {.xip = NULL};

	next.xip = (uint64_t *) (void *) fuzz_alloc((from->xip_count + now->xip_count) *
												sizeof(uint64_t));
	cursor_advance(from, now, stop_xid, 7, &next);
	FUZZ_CHECK(next.xip_count <= from->xip_count + now->xip_count);
	check_written(&next);
	free(next.xip);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		length = fuzz_line_length(data, size);
	size_t		rest = length < size ? length + 1 : size;
	Cursor		from;
	Cursor		now = {.xip = NULL};

	if (read_cursor(data, length, &from))
	{
		check_written(&from);
		if (read_cursor(data + rest, size - rest, &now) && now.place_xid == 0)
		{
			check_written(&now);
			check_advance(&from, &now, 0);
			for (size_t i = 0; i < from.xip_count; i++)
				if (!cursor_has_open(&now, from.xip[i]))
					check_advance(&from, &now, from.xip[i]);
		}
		free(now.xip);
	}
	free(from.xip);
	return 0;
}
