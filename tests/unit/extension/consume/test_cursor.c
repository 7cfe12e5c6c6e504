/*-------------------------------------------------------------------------
 *
 * test_cursor.c
 *	  Unit tests of extension/src/consume/cursor.c.
 *
 *-------------------------------------------------------------------------
 */
#include "consume/cursor.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XIP_MAX 64

typedef struct Parsed
{
	Cursor		cursor;
	uint64_t	xip[XIP_MAX];
} Parsed;

static bool
parse(const char *text, Parsed *parsed)
{
	parsed->cursor.xip = parsed->xip;
	ck_assert_uint_le(cursor_xip_bound(text), XIP_MAX);
	return cursor_parse(text, &parsed->cursor);
}

static const char *
advance(const char *from_text, const char *now_text, uint64_t stop_xid, int32_t stop_part)
{
	static char text[1024];
	uint64_t	xip[2 * XIP_MAX];
	Parsed		from;
	Parsed		now;
	Cursor		next = {.xip = xip};

	ck_assert(parse(from_text, &from));
	ck_assert(parse(now_text, &now));
	cursor_advance(&from.cursor, &now.cursor, stop_xid, stop_part, &next);
	cursor_format(&next, text, sizeof(text));
	return text;
}

START_TEST(cursor_reads_back_what_it_writes)
{
	static const char *const texts[] = {
		"1:1:", "5:9:5,7", "100:100:/100.3", "5:9:5,7/7.0", "5:9:5/12.2147483647",
		"18446744073709551614:18446744073709551615:18446744073709551614"
	};
	size_t		i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		Parsed		parsed;
		char		text[256];

		ck_assert_msg(parse(texts[i], &parsed), "%s", texts[i]);
		ck_assert_uint_eq(cursor_format(&parsed.cursor, text, sizeof(text)), strlen(texts[i]));
		ck_assert_str_eq(text, texts[i]);
	}
}

END_TEST

START_TEST(cursor_refuses_what_is_none)
{
	static const char *const texts[] = {
		"", "1", "1:", "1:1", "0:1:", "2:1:", "1:2:3", "1:9:0", "3:9:2", "1:9:5,5", "1:9:7,5",
		"1:9:5,", "1:9:,5", "1:9:5 ", " 1:9:5", "01:9:", "-1:9:", "1:9:5/", "1:9:5/5",
		"1:9:5/5.", "1:9:5/5.2147483648", "1:9:5/6.1", "1:9:5/5.1x", "1:9:x",
		"1:18446744073709551616:"
	};
	size_t		i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		Parsed		parsed;

		ck_assert_msg(!parse(texts[i], &parsed), "%s", texts[i]);
	}
}

END_TEST

START_TEST(cursor_counts_what_does_not_fit_when_it_writes)
{
	Parsed		parsed;
	char		text[8] = "unused!";

	ck_assert(parse("100:200:100,150", &parsed));
	ck_assert_uint_eq(cursor_format(&parsed.cursor, NULL, 0), 15);
	ck_assert_uint_eq(cursor_format(&parsed.cursor, text, 4), 15);
	ck_assert_str_eq(text, "100");
	ck_assert_str_eq(text + 4, "ed!");
}

END_TEST

START_TEST(cursor_has_open_what_it_did_not_see)
{
	Parsed		parsed;

	ck_assert(parse("5:9:5,7", &parsed));
	ck_assert(!cursor_has_open(&parsed.cursor, 4));
	ck_assert(cursor_has_open(&parsed.cursor, 5));
	ck_assert(!cursor_has_open(&parsed.cursor, 6));
	ck_assert(cursor_has_open(&parsed.cursor, 7));
	ck_assert(!cursor_has_open(&parsed.cursor, 8));
	ck_assert(cursor_has_open(&parsed.cursor, 9));
	ck_assert(cursor_has_open(&parsed.cursor, UINT64_MAX));
}

END_TEST

static void
assert_bounds(const char *text, uint64_t begin, uint64_t end)
{
	Parsed		parsed;

	ck_assert(parse(text, &parsed));
	ck_assert_uint_eq(cursor_begin(&parsed.cursor), begin);
	ck_assert_uint_eq(cursor_end(&parsed.cursor), end);
}

START_TEST(cursor_tells_from_where_on_something_and_nothing_is_consumed)
{
	assert_bounds("1:1:", 1, 1);
	assert_bounds("5:9:5,7", 5, 9);
	/* xmin may be that of whoever took the snapshot */
	assert_bounds("3:9:5,7", 5, 9);
	assert_bounds("3:9:", 9, 9);
	assert_bounds("5:9:5,7/7.0", 5, 9);
	assert_bounds("5:9:5/9.3", 5, 10);
	assert_bounds("5:9:5/12.2147483647", 5, 13);
}

END_TEST

START_TEST(cursor_becomes_the_snapshot_when_a_batch_took_all)
{
	ck_assert_str_eq(advance("10:10:", "12:20:12,15", 0, 0), "12:20:12,15");
	ck_assert_str_eq(advance("5:10:5,7", "20:20:", 0, 0), "20:20:");
	ck_assert_str_eq(advance("5:10:5,7", "7:20:7,12", 0, 0), "7:20:7,12");
}

END_TEST

START_TEST(cursor_stops_inside_a_new_transaction)
{
	ck_assert_str_eq(advance("10:10:", "12:30:12,15,25", 20, 3), "12:20:12,15/20.3");
	ck_assert_str_eq(advance("5:10:5", "30:30:", 10, 0), "10:10:/10.0");
}

END_TEST

START_TEST(cursor_stops_inside_an_old_transaction_without_losing_newer_ones)
{
	/* 5 and 7 have ended, 6 runs on; the batch ended inside 7 */
	ck_assert_str_eq(advance("5:10:5,6,7,9", "6:30:6,25", 7, 2), "6:10:6,7,9/7.2");
	ck_assert_str_eq(advance("5:10:5,6,7,9", "6:30:6,25", 5, 0), "5:10:5,6,7,9/5.0");
}

END_TEST

START_TEST(cursor_keeps_all_else_while_it_is_inside_one_transaction)
{
	ck_assert_str_eq(advance("5:20:5,7/20.3", "40:40:", 20, 9), "5:20:5,7/20.9");
	ck_assert_str_eq(advance("5:20:5,7/7.3", "40:40:", 7, 9), "5:20:5,7/7.9");
}

END_TEST

START_TEST(cursor_does_not_begin_a_transaction_again_for_an_older_one)
{
	/* 5 has ended meanwhile; 20 was read to its end before it */
	ck_assert_str_eq(advance("5:20:5,7/20.3", "40:40:", 5, 1), "5:21:5,7/5.1");
	ck_assert_str_eq(advance("5:20:5,7/7.3", "40:40:", 5, 1), "5:20:5/5.1");
}

END_TEST

START_TEST(cursor_leaves_its_place_when_the_transaction_is_done)
{
	ck_assert_str_eq(advance("10:20:10/20.3", "40:40:", 0, 0), "40:40:");
	ck_assert_str_eq(advance("10:20:10/20.3", "40:40:", 22, 1), "22:22:/22.1");
}

END_TEST

/*
 * The property behind it all, on random histories: whatever the batch sizes and
 * whoever commits when, every row of every transaction is delivered exactly once.
 */
#define HISTORY_XIDS 40
#define HISTORY_PARTS 3

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
snapshot_of(const bool *is_done, uint64_t xmax, Parsed *snapshot)
{
	uint64_t	xid;

	snapshot->cursor = (Cursor)
	{
		.xmax = xmax,.xip = snapshot->xip
	};
	for (xid = 1; xid < xmax; xid++)
	{
		if (!is_done[xid])
			snapshot->xip[snapshot->cursor.xip_count++] = xid;
	}
}

static bool
is_delivered(const Cursor *from, const Cursor *now, uint64_t xid, int32_t part)
{
	return cursor_has_open(from, xid) && !cursor_has_open(now, xid) &&
		!(xid == from->place_xid && part <= from->place_part);
}

/* One batch of at most so many rows; counts them in seen. */
static void
deliver(const Cursor *from, const Cursor *now, int batch,
		int seen[HISTORY_XIDS + 1][HISTORY_PARTS], Cursor *next)
{
	uint64_t	stop_xid = 0;
	int32_t		stop_part = 0;
	uint64_t	read;
	uint64_t	xid;
	int32_t		part;

	/* the transaction at the cursor's place is read first */
	for (read = 0; read <= HISTORY_XIDS && stop_xid == 0; read++)
	{
		xid = read == 0 ? from->place_xid : read;
		if (xid == 0 || (read > 0 && xid == from->place_xid))
			continue;
		for (part = 0; part < HISTORY_PARTS && stop_xid == 0; part++)
		{
			if (!is_delivered(from, now, xid, part))
				continue;
			seen[xid][part]++;
			if (--batch == 0)
			{
				stop_xid = xid;
				stop_part = part;
			}
		}
	}
	cursor_advance(from, now, stop_xid, stop_part, next);
}

/* What runs and ends in a turn of a history; in the last turns all ends. */
static void
go_on(uint32_t *random, bool is_last, bool *is_done, uint64_t *xmax)
{
	uint64_t	xid;

	if (*xmax <= HISTORY_XIDS && (is_last || next_random(random) % 2))
		(*xmax)++;
	for (xid = 1; xid < *xmax; xid++)
		is_done[xid] |= is_last || next_random(random) % 16 == 0;
}

static void
expect_all_seen_once(int seen[HISTORY_XIDS + 1][HISTORY_PARTS])
{
	uint64_t	xid;
	int32_t		part;

	for (xid = 1; xid <= HISTORY_XIDS; xid++)
	{
		for (part = 0; part < HISTORY_PARTS; part++)
			ck_assert_msg(seen[xid][part] == 1, "xid %" PRIu64 " part %d seen %d times",
						  xid, part, seen[xid][part]);
	}
}

START_TEST(cursor_delivers_every_row_once_whoever_commits_when)
{
	uint32_t	random = (uint32_t) _i + 1;
	bool		is_done[HISTORY_XIDS + 1] = {false};
	int			seen[HISTORY_XIDS + 1][HISTORY_PARTS] = {{0}};
	uint64_t	xip[2][2 * XIP_MAX];
	Cursor		from = {.xmax = 1,.xip = xip[0]};
	uint64_t	xmax = 1;
	int			turn;

	for (turn = 0; turn < 400; turn++)
	{
		bool		is_last = turn > 300;
		int			batch = is_last ? 1000 : 1 + (int) (next_random(&random) % 5);
		Parsed		now;
		Cursor		next = {.xip = xip[(turn + 1) % 2]};

		go_on(&random, is_last, is_done, &xmax);
		snapshot_of(is_done, xmax, &now);
		deliver(&from, &now.cursor, batch, seen, &next);
		from = next;
	}
	expect_all_seen_once(seen);
}

END_TEST

START_TEST(cursor_bounds_nothing_by_the_transaction_that_it_stands_in)
{
	Parsed		from;
	Parsed		until;

	ck_assert(parse("10:10:", &from) && parse("12:20:12,15/15.3", &until));
	ck_assert(cursor_bound(&from.cursor, &until.cursor));
	ck_assert_uint_eq(until.cursor.place_xid, 0);
	ck_assert(cursor_has_open(&until.cursor, 15));
	ck_assert(!cursor_has_open(&until.cursor, 14));

	ck_assert(parse("12:20:12,15/15.3", &from) && parse("12:20:12,15/15.7", &until));
	ck_assert(!cursor_bound(&from.cursor, &until.cursor));
	ck_assert(parse("12:20:12", &until));
	ck_assert(cursor_bound(&from.cursor, &until.cursor));
}

END_TEST

/*
 * One reader takes what there is, the other one follows only up to where the first
 * one was some time ago: he gets every row once, and none before.  Now and then both
 * begin again where he is.
 */
#define FOLLOW_BEHIND 8

/* Not an assertion for each: Check keeps a note of every one that is made. */
static int
count_early(int seen[2][HISTORY_XIDS + 1][HISTORY_PARTS])
{
	int			count = 0;

	for (int xid = 1; xid <= HISTORY_XIDS; xid++)
		for (int part = 0; part < HISTORY_PARTS; part++)
			count += seen[1][xid][part] > seen[0][xid][part];
	return count;
}

START_TEST(cursor_delivers_every_row_once_to_who_follows)
{
	uint32_t	random = (uint32_t) _i + 1;
	bool		is_done[HISTORY_XIDS + 1] = {false};
	int			seen[2][HISTORY_XIDS + 1][HISTORY_PARTS] = {{{0}}};
	uint64_t	xip[2][2][2 * XIP_MAX];
	Cursor		ahead = {.xmax = 1,.xip = xip[0][0]};
	Cursor		behind = {.xmax = 1,.xip = xip[1][0]};
	char		past[FOLLOW_BEHIND][1024];
	uint64_t	xmax = 1;
	int			turn;

	for (turn = 0; turn < 600; turn++)
	{
		bool		is_last = turn > 300;
		int			batch = 1 + (int) (next_random(&random) % 5);
		Parsed		now;
		Parsed		until;
		Cursor		next = {.xip = xip[0][(turn + 1) % 2]};

		go_on(&random, is_last, is_done, &xmax);
		snapshot_of(is_done, xmax, &now);
		deliver(&ahead, &now.cursor, batch, seen[0], &next);
		ahead = next;
		cursor_format(&ahead, past[turn % FOLLOW_BEHIND], sizeof(past[0]));
		if (turn < FOLLOW_BEHIND)
			continue;

		ck_assert(parse(past[(turn + 1) % FOLLOW_BEHIND], &until));
		next.xip = xip[1][(turn + 1) % 2];
		if (cursor_bound(&behind, &until.cursor))
			deliver(&behind, &until.cursor, 1 + (int) (next_random(&random) % 7), seen[1], &next);
		else
			cursor_advance(&behind, &behind, behind.place_xid, behind.place_part, &next);
		behind = next;
		ck_assert_int_eq(count_early(seen), 0);
		if (!is_last && next_random(&random) % 16 == 0)
		{
			memcpy(ahead.xip, behind.xip, behind.xip_count * sizeof(uint64_t));
			behind.xip = ahead.xip;
			ahead = behind;
			behind.xip = next.xip;
			for (int i = 0; i < FOLLOW_BEHIND; i++)
				cursor_format(&ahead, past[i], sizeof(past[0]));
		}
	}
	expect_all_seen_once(seen[1]);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("cursor");
	TCase	   *cases = tcase_create("cursor");
	SRunner    *runner = srunner_create(suite);
	int			failed;

	suite_add_tcase(suite, cases);
	tcase_add_test(cases, cursor_reads_back_what_it_writes);
	tcase_add_test(cases, cursor_refuses_what_is_none);
	tcase_add_test(cases, cursor_counts_what_does_not_fit_when_it_writes);
	tcase_add_test(cases, cursor_has_open_what_it_did_not_see);
	tcase_add_test(cases, cursor_tells_from_where_on_something_and_nothing_is_consumed);
	tcase_add_test(cases, cursor_becomes_the_snapshot_when_a_batch_took_all);
	tcase_add_test(cases, cursor_stops_inside_a_new_transaction);
	tcase_add_test(cases, cursor_stops_inside_an_old_transaction_without_losing_newer_ones);
	tcase_add_test(cases, cursor_keeps_all_else_while_it_is_inside_one_transaction);
	tcase_add_test(cases, cursor_does_not_begin_a_transaction_again_for_an_older_one);
	tcase_add_test(cases, cursor_leaves_its_place_when_the_transaction_is_done);
	tcase_add_loop_test(cases, cursor_delivers_every_row_once_whoever_commits_when, 0, 200);
	tcase_add_test(cases, cursor_bounds_nothing_by_the_transaction_that_it_stands_in);
	tcase_add_loop_test(cases, cursor_delivers_every_row_once_to_who_follows, 0, 200);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
