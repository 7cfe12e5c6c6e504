/*-------------------------------------------------------------------------
 *
 * test_redis_info.c
 *	  Unit tests of listener/src/redis/redis_info.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_info.h"

static uint64_t values[REDIS_INFO_FIELD_COUNT];

static void
set_up(void)
{
	memset(values, 0, sizeof(values));
}

START_TEST(redis_info_reads_the_sections)
{
	redis_info_read(values, "# Stats\r\ntotal_connections_received:9\r\nexpired_keys:3\r\nevicted_keys:4\r\n"
					"keyspace_hits:5\r\nkeyspace_misses:18446744073709551615\r\n", 0);
	redis_info_read(values, "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:7\r\n", 0);
	redis_info_read(values, "# Clients\r\nconnected_clients:8\r\ncluster_connections:0\r\n", 0);
	ck_assert_uint_eq(values[REDIS_INFO_HITS], 5);
	ck_assert_uint_eq(values[REDIS_INFO_MISSES], UINT64_MAX);
	ck_assert_uint_eq(values[REDIS_INFO_EXPIRED], 3);
	ck_assert_uint_eq(values[REDIS_INFO_EVICTED], 4);
	ck_assert_uint_eq(values[REDIS_INFO_MEMORY], 1048576);
	ck_assert_uint_eq(values[REDIS_INFO_MEMORY_MAX], 7);
	ck_assert_uint_eq(values[REDIS_INFO_CLIENTS], 8);
}

END_TEST

START_TEST(redis_info_reads_the_keys_of_one_database)
{
	static const char text[] = "# Keyspace\r\ndb0:keys=12,expires=1,avg_ttl=0\r\ndb10:keys=34,expires=0,avg_ttl=0\r\n";

	redis_info_read(values, text, 0);
	ck_assert_uint_eq(values[REDIS_INFO_KEYS], 12);
	redis_info_read(values, text, 10);
	ck_assert_uint_eq(values[REDIS_INFO_KEYS], 34);
	redis_info_read(values, text, 1);
	ck_assert_uint_eq(values[REDIS_INFO_KEYS], 0);
}

END_TEST

START_TEST(redis_info_keeps_what_a_section_does_not_say)
{
	values[REDIS_INFO_HITS] = 1;
	values[REDIS_INFO_KEYS] = 2;
	redis_info_read(values, "", 0);
	redis_info_read(values, "# Stats\r\n", 0);
	redis_info_read(values, "keyspace_hits:\r\nxkeyspace_hits:7\r\nkeyspace_hits:-3", 0);
	redis_info_read(values, "\n\n\nkeyspace_hit", 0);
	ck_assert_uint_eq(values[REDIS_INFO_HITS], 1);
	ck_assert_uint_eq(values[REDIS_INFO_KEYS], 2);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("redis_info");
	TCase	   *tests = tcase_create("redis_info");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, redis_info_reads_the_sections);
	tcase_add_test(tests, redis_info_reads_the_keys_of_one_database);
	tcase_add_test(tests, redis_info_keeps_what_a_section_does_not_say);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
