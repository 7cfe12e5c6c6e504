/*-------------------------------------------------------------------------
 *
 * test_journal_answer.c
 *	  Unit tests of listener/src/journal/journal_answer.c: what belongs together in
 *	  the answer to a fetch.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal_answer.h"

#define TEXT_OID 25
#define COLUMN_COUNT 4

/* A row with so many keys, each "k". */
typedef struct Row
{
	char		at;				/* the last byte of the time */
	const char *action;
	int			key_count;
} Row;

static PGresult *result;
static char reported[256];		/* sibling count of each row's first key */
static int	reported_count;		/* of keys */
static int	row_count_told;
static size_t last_count;
static int	fetched_count;

static void
set_value(int row, int column, const char *bytes, int byte_count)
{
	char	   *copy = malloc((size_t) byte_count + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, (size_t) byte_count);
	copy[byte_count] = '\0';
	ck_assert(PQsetvalue(result, row, column, copy, byte_count));
	free(copy);
}

static void
set_null(int row, int column)
{
	ck_assert(PQsetvalue(result, row, column, NULL, -1));
}

/* As array_send writes text[]. */
static void
set_keys(int row, int key_count)
{
	char		bytes[256] = {0};
	int			used = 20;

	bytes[3] = 1;
	bytes[11] = TEXT_OID;
	bytes[15] = (char) key_count;
	bytes[19] = 1;
	for (int i = 0; i < key_count; i++)
	{
		memcpy(bytes + used, "\0\0\0\1k", 5);
		used += 5;
	}
	set_value(row, 2, bytes, used);
}

static void
make_result(const Row *rows, int row_count)
{
	static char names[COLUMN_COUNT][12] = {"at", "action", "keys", "next_cursor"};
	static const Oid types[COLUMN_COUNT] = {1184, TEXT_OID, 1009, TEXT_OID};
	PGresAttDesc columns[COLUMN_COUNT];

	result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	ck_assert_ptr_nonnull(result);
	memset(columns, 0, sizeof(columns));
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		columns[i].name = names[i];
		columns[i].typid = types[i];
		columns[i].format = 1;
		columns[i].typlen = -1;
	}
	ck_assert(PQsetResultAttrs(result, COLUMN_COUNT, columns));
	for (int row = 0; row < row_count; row++)
	{
		char		at[8] = {0, 2, 3, 4, 5, 6, 7, rows[row].at};

		set_value(row, 0, at, sizeof(at));
		set_value(row, 1, rows[row].action, (int) strlen(rows[row].action));
		set_keys(row, rows[row].key_count);
		set_null(row, 3);
	}
	for (int column = 0; column < 3; column++)
		set_null(row_count, column);
	set_value(row_count, 3, "c", 1);
}

/* Each row is told before its keys. */
static void
note_row(void *context, JournalAction action, size_t sibling_count, int64_t at_us)
{
	(void) context;
	(void) action;
	ck_assert_uint_gt(sibling_count, 0);
	ck_assert_int_ne(at_us, 0);
	row_count_told++;
}

static bool
note_invalidation(void *context, JournalAction action, size_t sibling_count,
				  const char *key, size_t key_bytes)
{
	size_t		used = strlen(reported);

	(void) context;
	(void) action;
	ck_assert_uint_eq(key_bytes, 1);
	ck_assert_int_eq(*key, 'k');
	if (reported_count++ == 0 || sibling_count != last_count)
		(void) snprintf(reported + used, sizeof(reported) - used, "%zu ", sibling_count);
	last_count = sibling_count;
	return true;
}

static void
note_fetched(void *context, const JournalFetch *fetch)
{
	(void) context;
	ck_assert_uint_eq(fetch->key_bytes, (size_t) reported_count);
	fetched_count++;
}

static const JournalWorkEvents events = {
	.row = note_row,
	.invalidation = note_invalidation,
	.fetched = note_fetched,
};
static const JournalListeners listeners = {.worker = &events};

/* The sibling counts that the rows' keys are reported with, runs of equals once. */
static void
expect(const Row *rows, int row_count, const char *expected)
{
	make_result(rows, row_count);
	reported[0] = '\0';
	reported_count = fetched_count = row_count_told = 0;
	ck_assert_ptr_null(journal_answer_fetch(result, &listeners));
	ck_assert_int_eq(fetched_count, 1);
	ck_assert_int_eq(row_count_told, row_count);
	ck_assert_str_eq(reported, expected);
	PQclear(result);
}

START_TEST(journal_answer_counts_the_keys_of_one_row)
{
	static const Row rows[] = {{1, "keys", 3}};

	expect(rows, 1, "3 ");
}

END_TEST

START_TEST(journal_answer_adds_up_the_rows_of_one_transaction)
{
	static const Row rows[] = {{1, "keys", 3}, {1, "keys", 4}, {1, "keys", 1}};

	expect(rows, 3, "8 ");
}

END_TEST

START_TEST(journal_answer_tells_transactions_apart_by_their_time)
{
	static const Row rows[] = {{1, "keys", 1}, {2, "keys", 20}, {2, "keys", 5}, {3, "keys", 2}};

	expect(rows, 4, "1 25 2 ");
}

END_TEST

START_TEST(journal_answer_does_not_add_up_what_others_stand_between)
{
	static const Row rows[] = {{1, "keys", 4}, {2, "keys", 2}, {1, "keys", 3}};

	expect(rows, 3, "4 2 3 ");
}

END_TEST

START_TEST(journal_answer_counts_each_action_by_itself)
{
	static const Row rows[] = {{1, "keys", 7}, {1, "tags", 2}, {1, "tags", 1}};

	expect(rows, 3, "7 3 ");
}

END_TEST

START_TEST(journal_answer_takes_an_answer_without_rows)
{
	expect(NULL, 0, "");
}

END_TEST

START_TEST(journal_answer_refuses_malformed_keys_of_any_row)
{
	static const Row rows[] = {{1, "keys", 1}, {1, "keys", 1}};

	for (int row = 0; row < 2; row++)
	{
		make_result(rows, 2);
		set_value(row, 2, "short", 5);
		reported[0] = '\0';
		reported_count = fetched_count = 0;
		ck_assert_str_eq(journal_answer_fetch(result, &listeners),
						 "a journal row is malformed");
		ck_assert_int_eq(fetched_count, 0);
		PQclear(result);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_answer");
	TCase	   *tests = tcase_create("journal_answer");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, journal_answer_counts_the_keys_of_one_row);
	tcase_add_test(tests, journal_answer_adds_up_the_rows_of_one_transaction);
	tcase_add_test(tests, journal_answer_tells_transactions_apart_by_their_time);
	tcase_add_test(tests, journal_answer_does_not_add_up_what_others_stand_between);
	tcase_add_test(tests, journal_answer_counts_each_action_by_itself);
	tcase_add_test(tests, journal_answer_takes_an_answer_without_rows);
	tcase_add_test(tests, journal_answer_refuses_malformed_keys_of_any_row);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
