/*-------------------------------------------------------------------------
 *
 * test_journal_answer_shapes.c
 *	  Unit tests of listener/src/journal/journal_answer.c: answers that no extension of
 *	  this protocol version gives are refused, and reported as nothing.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal_answer.h"

#define INT8_OID 20
#define INT4_OID 23
#define TEXT_OID 25
#define TEXT_ARRAY_OID 1009
#define TIMESTAMPTZ_OID 1184
#define PG_LSN_OID 3220
#define MAX_COLUMNS 5

static const char wrong_shape[] =
"the answer's columns are not those of this protocol version";
static const char unknown_action[] =
"the journal has an action that this version does not know: upgrade uncached";

static PGresult *result;
static int	event_count;		/* final events */
static int	key_count;
static bool has_memory;
static JournalAttachState attached_state;
static char standbys[64];		/* each with what it has replayed */
static uint64_t told_position;

static void
note_attached(void *context, const JournalAttachment *attachment)
{
	(void) context;
	attached_state = attachment->state;
	event_count++;
}

static void
note_fetched(void *context, const JournalFetch *fetch)
{
	(void) context;
	(void) fetch;
	event_count++;
}

static void
note(void *context)
{
	(void) context;
	event_count++;
}

static void
note_trimmed(void *context)
{
	(void) context;
	event_count++;
}

static bool
note_standby(void *context, const char *name, uint64_t replayed)
{
	size_t		used = strlen(standbys);

	(void) context;
	(void) snprintf(standbys + used, sizeof(standbys) - used, "%s:%d;", name, (int) replayed);
	return has_memory;
}

static void
note_standbys(void *context, uint64_t position)
{
	(void) context;
	told_position = position;
	event_count++;
}

static void
note_row(void *context, JournalAction action, size_t sibling_count, int64_t at_us)
{
	(void) context;
	(void) action;
	(void) sibling_count;
	(void) at_us;
}

static bool
note_invalidation(void *context, JournalAction action, size_t sibling_count,
				  const char *key, size_t key_bytes)
{
	(void) context;
	(void) action;
	(void) sibling_count;
	(void) key;
	(void) key_bytes;
	key_count++;
	return has_memory;
}

static const JournalSessionEvents session_events = {.attached = note_attached};

static const JournalWorkEvents work_events = {
	.row = note_row,
	.invalidation = note_invalidation,
	.fetched = note_fetched,
	.acked = note,
	.resync_listed = note,
	.resynced = note,
	.trimmed = note_trimmed,
	.standby = note_standby,
	.standbys_told = note_standbys,
	.late_reported = note,
};

static const JournalListeners listeners = {.owner = &session_events,.worker = &work_events};

/* An answer without rows; format is 1 for binary. */
static void
begin_result(const Oid *types, int column_count, int format)
{
	static char name[] = "column";
	PGresAttDesc columns[MAX_COLUMNS];

	PQclear(result);
	result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	ck_assert_ptr_nonnull(result);
	memset(columns, 0, sizeof(columns));
	for (int i = 0; i < column_count; i++)
	{
		columns[i].name = name;
		columns[i].typid = types[i];
		columns[i].format = format;
		columns[i].typlen = -1;
	}
	ck_assert(PQsetResultAttrs(result, column_count, columns));
	event_count = key_count = 0;
	standbys[0] = '\0';
	has_memory = true;
}

/* text may be NULL. */
static void
put(int row, int column, const char *text)
{
	char		copy[64] = "";
	size_t		length = text != NULL ? strlen(text) : 0;

	ck_assert_uint_lt(length, sizeof(copy));
	memcpy(copy, text != NULL ? text : "", length);
	ck_assert(PQsetvalue(result, row, column, copy, text != NULL ? (int) length : -1));
}

static void
expect_refusal(JournalAnswerReader read, const char *problem)
{
	const char *answer = read(result, &listeners);

	ck_assert_ptr_nonnull(answer);
	ck_assert_str_eq(answer, problem);
	ck_assert_int_eq(event_count, 0);
}

static void
expect_report(JournalAnswerReader read)
{
	ck_assert_ptr_null(read(result, &listeners));
	ck_assert_int_eq(event_count, 1);
}

static void
teardown(void)
{
	PQclear(result);
	result = NULL;
}

/* --- attach --- */

static const Oid attach_types[] = {TEXT_OID, TEXT_OID, TEXT_OID};

static void
answer_attach(const char *state, const char *cursor)
{
	begin_result(attach_types, 3, 1);
	put(0, 0, state);
	put(0, 1, cursor);
	put(0, 2, NULL);
}

START_TEST(journal_answer_takes_each_state_of_attach)
{
	static const struct
	{
		const char *name;
		const char *cursor;
		JournalAttachState state;
	}			cases[] = {
		{"standby", NULL, JOURNAL_ATTACH_STANDBY},
		{"conflict", NULL, JOURNAL_ATTACH_CONFLICT},
		{"waiting", NULL, JOURNAL_ATTACH_WAITING},
		{"resync", "1:1:", JOURNAL_ATTACH_RESYNC},
		{"ready", "1:1:", JOURNAL_ATTACH_READY},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		answer_attach(cases[i].name, cases[i].cursor);
		expect_report(journal_answer_attach);
		ck_assert_int_eq(attached_state, cases[i].state);
	}
}

END_TEST

START_TEST(journal_answer_refuses_a_state_that_it_does_not_know)
{
	answer_attach("readier", "1:1:");
	expect_refusal(journal_answer_attach,
				   "attach() answered a state that this version does not know");
}

END_TEST

START_TEST(journal_answer_refuses_to_work_without_a_cursor)
{
	answer_attach("ready", NULL);
	expect_refusal(journal_answer_attach, "attach() answered no cursor");
	answer_attach("resync", "");
	expect_refusal(journal_answer_attach, "attach() answered no cursor");
}

END_TEST

START_TEST(journal_answer_refuses_attach_with_another_number_of_rows)
{
	begin_result(attach_types, 3, 1);
	expect_refusal(journal_answer_attach, wrong_shape);
	answer_attach("ready", "1:1:");
	for (int column = 0; column < 3; column++)
		put(1, column, "standby");
	expect_refusal(journal_answer_attach, wrong_shape);
}

END_TEST

/* --- columns --- */

START_TEST(journal_answer_refuses_columns_of_another_number_type_or_format)
{
	static const struct
	{
		JournalAnswerReader read;
		int			count;
		Oid			types[MAX_COLUMNS];
	}			answers[] = {
		{journal_answer_attach, 3, {TEXT_OID, TEXT_OID, TEXT_OID}},
		{journal_answer_fetch, 4, {TIMESTAMPTZ_OID, TEXT_OID, TEXT_ARRAY_OID, TEXT_OID}},
		{journal_answer_resync_keys, 2, {TEXT_OID, TEXT_OID}},
		{journal_answer_trim, 1, {INT4_OID}},
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		Oid			types[MAX_COLUMNS];

		memcpy(types, answers[i].types, sizeof(types));
		begin_result(types, answers[i].count + 1, 1);
		expect_refusal(answers[i].read, wrong_shape);
		begin_result(types, answers[i].count - 1, 1);
		expect_refusal(answers[i].read, wrong_shape);
		begin_result(types, answers[i].count, 0);
		expect_refusal(answers[i].read, wrong_shape);
		types[answers[i].count - 1]++;
		begin_result(types, answers[i].count, 1);
		expect_refusal(answers[i].read, wrong_shape);
	}
}

END_TEST

/* --- fetch --- */

static const Oid fetch_types[] = {TIMESTAMPTZ_OID, TEXT_OID, TEXT_ARRAY_OID, TEXT_OID};

/* The last row, that of the cursor. */
static void
put_cursor(int row, const char *action, const char *cursor)
{
	put(row, 0, NULL);
	put(row, 1, action);
	put(row, 2, NULL);
	put(row, 3, cursor);
}

START_TEST(journal_answer_refuses_a_fetch_without_a_cursor)
{
	begin_result(fetch_types, 4, 1);
	expect_refusal(journal_answer_fetch, wrong_shape);
	put_cursor(0, NULL, NULL);
	expect_refusal(journal_answer_fetch, "fetch() answered no cursor");
	begin_result(fetch_types, 4, 1);
	put_cursor(0, "keys", "1:1:");
	expect_refusal(journal_answer_fetch, "fetch() answered no cursor");
}

END_TEST

START_TEST(journal_answer_stops_at_an_action_that_it_does_not_know)
{
	begin_result(fetch_types, 4, 1);
	put(0, 0, "8 bytes.");
	put(0, 1, "renames");
	put(0, 2, NULL);
	put(0, 3, NULL);
	put_cursor(1, NULL, "1:1:");
	expect_refusal(journal_answer_fetch, unknown_action);
	ck_assert_int_eq(key_count, 0);
}

END_TEST

/* --- resync_keys --- */

static const Oid resync_types[] = {TEXT_OID, TEXT_OID};

static void
answer_resync(const char *action, const char *key)
{
	begin_result(resync_types, 2, 1);
	put(0, 0, "keys");
	put(0, 1, "k");
	put(1, 0, action);
	put(1, 1, key);
}

START_TEST(journal_answer_takes_what_a_resync_lists)
{
	answer_resync("patterns", "k:*");
	expect_report(journal_answer_resync_keys);
	ck_assert_int_eq(key_count, 2);
	begin_result(resync_types, 2, 1);
	expect_report(journal_answer_resync_keys);
	ck_assert_int_eq(key_count, 0);
}

END_TEST

START_TEST(journal_answer_refuses_a_resync_that_it_cannot_do_whole)
{
	answer_resync("renames", "k");
	expect_refusal(journal_answer_resync_keys, unknown_action);
	answer_resync("patterns", NULL);
	expect_refusal(journal_answer_resync_keys, "a journal row is malformed");
	answer_resync("patterns", "k:*");
	has_memory = false;
	expect_refusal(journal_answer_resync_keys, "out of memory");
	ck_assert_int_eq(key_count, 1);
}

END_TEST

/* --- ack, resynced, trim --- */

START_TEST(journal_answer_takes_one_row_for_what_is_done)
{
	static const JournalAnswerReader readers[] = {journal_answer_ack, journal_answer_resynced,
	journal_answer_report_late};
	static const Oid types[] = {TEXT_OID};

	for (int i = 0; i < 3; i++)
	{
		begin_result(types, 1, 1);
		expect_refusal(readers[i], wrong_shape);
		put(0, 0, "");
		expect_report(readers[i]);
		event_count = 0;
		put(1, 0, "");
		expect_refusal(readers[i], wrong_shape);
	}
}

END_TEST

START_TEST(journal_answer_tells_that_the_journal_is_trimmed)
{
	static const Oid types[] = {INT4_OID};
	char		count[4] = {0};

	begin_result(types, 1, 1);
	ck_assert(PQsetvalue(result, 0, 0, count, sizeof(count)));
	expect_report(journal_answer_trim);
	begin_result(types, 1, 0);
	expect_refusal(journal_answer_trim, wrong_shape);
}

END_TEST

/* --- standbys --- */

static const Oid standby_types[] = {TEXT_OID, PG_LSN_OID};

/* replayed has eight bytes; NULL is unknown. */
static void
put_standby(int row, const char *name, const char *replayed, int byte_count)
{
	char		copy[8] = {0};

	put(row, 0, name);
	if (replayed != NULL)
		memcpy(copy, replayed, (size_t) byte_count);
	ck_assert(PQsetvalue(result, row, 1, copy, replayed != NULL ? byte_count : -1));
}

START_TEST(journal_answer_reads_what_standbys_have_replayed)
{
	begin_result(standby_types, 2, 1);
	put_standby(0, NULL, "\0\0\0\1\0\0\0\2", 8);
	put_standby(1, "a", "\0\0\0\0\0\0\1\0", 8);
	put_standby(2, "b", NULL, 0);
	expect_report(journal_answer_standbys);
	ck_assert_str_eq(standbys, "a:256;b:0;");
	ck_assert_uint_eq(told_position, UINT64_C(0x100000002));

	begin_result(standby_types, 2, 1);
	expect_report(journal_answer_standbys);
	ck_assert_str_eq(standbys, "");
	ck_assert_uint_eq(told_position, 0);
}

END_TEST

START_TEST(journal_answer_refuses_standbys_that_it_cannot_read)
{
	begin_result(resync_types, 2, 1);
	expect_refusal(journal_answer_standbys, wrong_shape);
	begin_result(standby_types, 2, 1);
	put_standby(0, "a", "\0\0\0\0\0\0\1", 7);
	expect_refusal(journal_answer_standbys, wrong_shape);
	begin_result(standby_types, 2, 1);
	put_standby(0, "a", "\0\0\0\0\0\0\1\0", 8);
	has_memory = false;
	expect_refusal(journal_answer_standbys, "out of memory");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_answer_shapes");
	TCase	   *tests = tcase_create("journal_answer_shapes");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, journal_answer_takes_each_state_of_attach);
	tcase_add_test(tests, journal_answer_refuses_a_state_that_it_does_not_know);
	tcase_add_test(tests, journal_answer_refuses_to_work_without_a_cursor);
	tcase_add_test(tests, journal_answer_refuses_attach_with_another_number_of_rows);
	tcase_add_test(tests, journal_answer_refuses_columns_of_another_number_type_or_format);
	tcase_add_test(tests, journal_answer_refuses_a_fetch_without_a_cursor);
	tcase_add_test(tests, journal_answer_stops_at_an_action_that_it_does_not_know);
	tcase_add_test(tests, journal_answer_takes_what_a_resync_lists);
	tcase_add_test(tests, journal_answer_refuses_a_resync_that_it_cannot_do_whole);
	tcase_add_test(tests, journal_answer_takes_one_row_for_what_is_done);
	tcase_add_test(tests, journal_answer_tells_that_the_journal_is_trimmed);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, journal_answer_reads_what_standbys_have_replayed);
	tcase_add_test(tests, journal_answer_refuses_standbys_that_it_cannot_read);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
