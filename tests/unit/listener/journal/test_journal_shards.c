/*-------------------------------------------------------------------------
 *
 * test_journal_shards.c
 *	  Unit tests of listener/src/journal/journal_shards.c.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_shards.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static RedisHistory items[2];
static const RedisHistories one = {items, 1};
static const RedisHistories two = {items, 2};

static void
setup(void)
{
	memset(items, 0, sizeof(items));
	items[0] = (RedisHistory)
	{
		.run_id = "run-a",.replid = "a",.offset = 5
	};
	items[1] = (RedisHistory)
	{
		.run_id = "run-b",.replid = "b",.offset = INT64_MAX,
			.replid2 = "c",.second_offset = 7
	};
}

static void
expect(char *text, const char *expected)
{
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(journal_shards_describes_each_with_what_it_tells)
{
	expect(journal_shards_describe(&one), "[{\"server\":\"run-a\",\"replid\":\"a\",\"repl_offset\":5}]");
	expect(journal_shards_describe(&two),
		   "[{\"server\":\"run-a\",\"replid\":\"a\",\"repl_offset\":5},"
		   "{\"server\":\"run-b\",\"replid\":\"b\",\"repl_offset\":9223372036854775807,"
		   "\"replid2\":\"c\",\"second_repl_offset\":7}]");
}

END_TEST

START_TEST(journal_shards_names_each_offset_by_its_history)
{
	expect(journal_shards_offsets(&one), "{\"a\":5}");
	expect(journal_shards_offsets(&two), "{\"a\":5,\"b\":9223372036854775807}");
}

END_TEST

START_TEST(journal_shards_has_room_for_the_longest_ids)
{
	char	   *text;

	for (size_t i = 0; i < 2; i++)
	{
		memset(items[i].run_id, 'x', REDIS_ID_BYTES - 1);
		memset(items[i].replid, 'y', REDIS_ID_BYTES - 1);
		memset(items[i].replid2, 'z', REDIS_ID_BYTES - 1);
		items[i].offset = items[i].second_offset = INT64_MAX;
	}
	text = journal_shards_describe(&two);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text + strlen(text) - strlen("9223372036854775807}]"), "9223372036854775807}]");
	free(text);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_shards");
	TCase	   *tests = tcase_create("journal_shards");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, journal_shards_describes_each_with_what_it_tells);
	tcase_add_test(tests, journal_shards_names_each_offset_by_its_history);
	tcase_add_test(tests, journal_shards_has_room_for_the_longest_ids);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
