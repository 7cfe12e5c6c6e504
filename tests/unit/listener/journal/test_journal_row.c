/*-------------------------------------------------------------------------
 *
 * test_journal_row.c
 *	  Unit tests of listener/src/journal/journal_row.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal_row.h"

/* array_send's layout: dimensions, has NULLs, element type, size, lower bound */
#define HEAD(dimensions, type) "\0\0\0" dimensions "\0\0\0\0" "\0\0\0" type
#define DIMENSION(count) "\0\0\0" count "\0\0\0\1"
#define TEXT_TYPE "\31"

/* A literal with its length, without the zero byte at its end. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/* Walks over a field; returns how the walk ended. */
static JournalStep
walk(const char *field, size_t field_bytes, size_t *key_count)
{
	/* a copy of exact size, so that ASan sees any byte too many */
	char	   *copy = malloc(field_bytes > 0 ? field_bytes : 1);
	JournalKeys keys;
	JournalStep step = JOURNAL_STEP_MALFORMED;
	const char *key;
	size_t		key_bytes;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, field, field_bytes);
	*key_count = 0;
	if (journal_row_begin_keys(copy, field_bytes, &keys))
		while ((step = journal_row_next_key(&keys, &key, &key_bytes)) == JOURNAL_STEP_KEY)
			(*key_count)++;
	free(copy);
	return step;
}

static void
check_malformed(const char *field, size_t field_bytes)
{
	size_t		key_count;

	ck_assert_int_eq(walk(field, field_bytes, &key_count), JOURNAL_STEP_MALFORMED);
}

START_TEST(journal_row_reads_the_keys_of_an_array)
{
	static const char field[] = HEAD("\1", TEXT_TYPE) DIMENSION("\2")
	"\0\0\0\3" "abc" "\0\0\0\0";
	JournalKeys keys;
	const char *key;
	size_t		key_bytes;

	ck_assert(journal_row_begin_keys(BYTES(field), &keys));
	ck_assert_int_eq(journal_row_next_key(&keys, &key, &key_bytes), JOURNAL_STEP_KEY);
	ck_assert_uint_eq(key_bytes, 3);
	ck_assert_mem_eq(key, "abc", 3);
	ck_assert_int_eq(journal_row_next_key(&keys, &key, &key_bytes), JOURNAL_STEP_KEY);
	ck_assert_uint_eq(key_bytes, 0);
	ck_assert_int_eq(journal_row_next_key(&keys, &key, &key_bytes), JOURNAL_STEP_END);
}

END_TEST

START_TEST(journal_row_reads_an_empty_array)
{
	size_t		key_count;

	ck_assert_int_eq(walk(BYTES(HEAD("\0", TEXT_TYPE)), &key_count), JOURNAL_STEP_END);
	ck_assert_uint_eq(key_count, 0);
	ck_assert_int_eq(walk(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\0")), &key_count),
					 JOURNAL_STEP_END);
	ck_assert_uint_eq(key_count, 0);
}

END_TEST

START_TEST(journal_row_refuses_every_truncation)
{
	static const char field[] = HEAD("\1", TEXT_TYPE) DIMENSION("\2")
	"\0\0\0\3" "abc" "\0\0\0\1" "d";

	for (size_t count = 0; count < sizeof(field) - 1; count++)
		check_malformed(field, count);
}

END_TEST

START_TEST(journal_row_refuses_bytes_behind_the_array)
{
	check_malformed(BYTES(HEAD("\0", TEXT_TYPE) "x"));
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\1") "\0\0\0\1" "a" "x"));
}

END_TEST

START_TEST(journal_row_refuses_a_null_element)
{
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\1") "\377\377\377\377"));
}

END_TEST

START_TEST(journal_row_refuses_a_length_beyond_the_end)
{
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\1") "\0\0\0\2" "a"));
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\1") "\177\377\377\377" "a"));
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\1") "\200\0\0\0" "a"));
}

END_TEST

START_TEST(journal_row_refuses_more_elements_than_there_are)
{
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) DIMENSION("\3") "\0\0\0\1" "a"));
	check_malformed(BYTES(HEAD("\1", TEXT_TYPE) "\377\377\377\377" "\0\0\0\1"));
}

END_TEST

START_TEST(journal_row_refuses_two_dimensions)
{
	check_malformed(BYTES(HEAD("\2", TEXT_TYPE) DIMENSION("\1") DIMENSION("\1")
						  "\0\0\0\1" "a"));
}

END_TEST

START_TEST(journal_row_refuses_another_element_type)
{
	check_malformed(BYTES(HEAD("\1", "\27") DIMENSION("\1") "\0\0\0\4" "\0\0\0\1"));
}

END_TEST

START_TEST(journal_row_knows_the_actions)
{
	static const struct
	{
		const char *name;
		JournalAction action;
	}			known[] =
	{
		{"keys", JOURNAL_ACTION_KEYS},
		{"patterns", JOURNAL_ACTION_PATTERNS},
		{"tags", JOURNAL_ACTION_TAGS},
		{"tag_patterns", JOURNAL_ACTION_TAG_PATTERNS},
		{"versions", JOURNAL_ACTION_VERSIONS},
		{"version_patterns", JOURNAL_ACTION_VERSION_PATTERNS},
		{"cacheops", JOURNAL_ACTION_CACHEOPS},
		{"cacheops_tables", JOURNAL_ACTION_CACHEOPS_TABLES},
		{"resync", JOURNAL_ACTION_RESYNC},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		JournalAction action;

		ck_assert(journal_row_decode_action(known[i].name, strlen(known[i].name), &action));
		ck_assert_int_eq(action, known[i].action);
	}
}

END_TEST

START_TEST(journal_row_refuses_an_unknown_action)
{
	JournalAction action;

	ck_assert(!journal_row_decode_action("tag", 3, &action));
	ck_assert(!journal_row_decode_action("tag-patterns", 12, &action));
	ck_assert(!journal_row_decode_action("RESYNC", 6, &action));
	ck_assert(!journal_row_decode_action("keysx", 5, &action));
	ck_assert(!journal_row_decode_action("key", 3, &action));
	ck_assert(!journal_row_decode_action("", 0, &action));
}

END_TEST

START_TEST(journal_row_turns_timestamps_into_unix_time)
{
	int64_t		unix_us;

	ck_assert(journal_row_decode_time("\0\0\0\0\0\0\0\1", 8, &unix_us));
	ck_assert_int_eq(unix_us, INT64_C(946684800000001));
	ck_assert(journal_row_decode_time("\377\377\377\377\377\377\377\377", 8, &unix_us));
	ck_assert_int_eq(unix_us, INT64_C(946684799999999));
}

END_TEST

START_TEST(journal_row_refuses_infinite_timestamps)
{
	int64_t		unix_us;

	ck_assert(!journal_row_decode_time("\177\377\377\377\377\377\377\377", 8, &unix_us));
	ck_assert(!journal_row_decode_time("\200\0\0\0\0\0\0\0", 8, &unix_us));
}

END_TEST

START_TEST(journal_row_refuses_timestamps_of_another_size)
{
	int64_t		unix_us;

	ck_assert(!journal_row_decode_time("\0\0\0\0", 4, &unix_us));
	ck_assert(!journal_row_decode_time("\0\0\0\0\0\0\0\0\0", 9, &unix_us));
	ck_assert(!journal_row_decode_time("", 0, &unix_us));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_row");
	TCase	   *tests = tcase_create("journal_row");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, journal_row_reads_the_keys_of_an_array);
	tcase_add_test(tests, journal_row_reads_an_empty_array);
	tcase_add_test(tests, journal_row_refuses_every_truncation);
	tcase_add_test(tests, journal_row_refuses_bytes_behind_the_array);
	tcase_add_test(tests, journal_row_refuses_a_null_element);
	tcase_add_test(tests, journal_row_refuses_a_length_beyond_the_end);
	tcase_add_test(tests, journal_row_refuses_more_elements_than_there_are);
	tcase_add_test(tests, journal_row_refuses_two_dimensions);
	tcase_add_test(tests, journal_row_refuses_another_element_type);
	tcase_add_test(tests, journal_row_knows_the_actions);
	tcase_add_test(tests, journal_row_refuses_an_unknown_action);
	tcase_add_test(tests, journal_row_turns_timestamps_into_unix_time);
	tcase_add_test(tests, journal_row_refuses_infinite_timestamps);
	tcase_add_test(tests, journal_row_refuses_timestamps_of_another_size);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
