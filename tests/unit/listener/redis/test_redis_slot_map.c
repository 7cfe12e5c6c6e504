/*-------------------------------------------------------------------------
 *
 * test_redis_slot_map.c
 *	  Unit tests of listener/src/redis/redis_slot_map.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot_map.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_HOST "asked.example"

/* RESP: whole nodes and ranges of slots. */
#define NODE(id, host, port) "*3\r\n" host ":" port "\r\n$2\r\n" id "\r\n"
#define NODE_NAMED(id, host, port, names) "*4\r\n" host ":" port "\r\n$2\r\n" id "\r\n" names
#define RANGE(first, last, node) "*3\r\n:" first "\r\n:" last "\r\n" node
#define HOST_A "$9\r\n127.0.0.1\r\n"
#define HOST_B "$9\r\n127.0.0.2\r\n"
#define HOST_EMPTY "$0\r\n\r\n"
#define HOST_NULL "$-1\r\n"
#define HOST_UNKNOWN "$1\r\n?\r\n"
#define NAMES_ADDRESS "*4\r\n$8\r\nhostname\r\n$1\r\nh\r\n$2\r\nip\r\n$9\r\n127.0.0.9\r\n"

static RedisSlotMap map;

static const char *
read_map(const char *bytes)
{
	redisReader *reader = redisReaderCreate();
	void	   *reply = NULL;
	const char *problem;

	ck_assert_int_eq(redisReaderFeed(reader, bytes, strlen(bytes)), REDIS_OK);
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_ptr_nonnull(reply);
	problem = redis_slot_map_read(&map, reply, ASKED_HOST);
	freeReplyObject(reply);
	redisReaderFree(reader);
	return problem;
}

static void
setup(void)
{
	redis_slot_map_init(&map);
}

static void
teardown(void)
{
	redis_slot_map_free(&map);
}

static const RedisSlotNode *
owner_of(unsigned int slot)
{
	return &map.nodes[map.owners[slot]];
}

START_TEST(redis_slot_map_says_who_serves_a_slot)
{
	ck_assert_ptr_null(read_map("*3\r\n"
								RANGE("0", "99", NODE("bb", HOST_A, "7001"))
								RANGE("100", "100", NODE("aa", HOST_B, "7002"))
								RANGE("101", "16383", NODE("bb", HOST_A, "7001"))));
	ck_assert_uint_eq(map.node_count, 2);
	ck_assert_str_eq(map.nodes[0].id, "aa");
	ck_assert_str_eq(map.nodes[1].id, "bb");
	ck_assert_str_eq(owner_of(0)->id, "bb");
	ck_assert_str_eq(owner_of(99)->id, "bb");
	ck_assert_str_eq(owner_of(100)->id, "aa");
	ck_assert_str_eq(owner_of(100)->host, "127.0.0.2");
	ck_assert_int_eq(owner_of(100)->port, 7002);
	ck_assert_str_eq(owner_of(16383)->id, "bb");
	ck_assert(redis_slot_map_is_complete(&map));
}

END_TEST

START_TEST(redis_slot_map_knows_when_it_is_incomplete)
{
	ck_assert(!redis_slot_map_is_complete(&map));
	ck_assert_ptr_null(read_map("*0\r\n"));
	ck_assert(!redis_slot_map_is_complete(&map));
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "16382", NODE("aa", HOST_A, "1"))));
	ck_assert(!redis_slot_map_is_complete(&map));
	ck_assert_uint_eq(map.owners[16383], REDIS_SLOT_NO_NODE);
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "16383", NODE("aa", HOST_A, "1"))));
	ck_assert(redis_slot_map_is_complete(&map));
}

END_TEST

START_TEST(redis_slot_map_finds_a_host_where_none_is_announced)
{
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE("aa", HOST_NULL, "1"))));
	ck_assert_str_eq(owner_of(0)->host, ASKED_HOST);
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE("aa", HOST_EMPTY, "1"))));
	ck_assert_str_eq(owner_of(0)->host, ASKED_HOST);
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE("aa", HOST_UNKNOWN, "1"))));
	ck_assert_str_eq(owner_of(0)->host, ASKED_HOST);
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE_NAMED("aa", HOST_UNKNOWN, "1", NAMES_ADDRESS))));
	ck_assert_str_eq(owner_of(0)->host, "127.0.0.9");
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE_NAMED("aa", HOST_A, "1", NAMES_ADDRESS))));
	ck_assert_str_eq(owner_of(0)->host, "127.0.0.1");
	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "9", NODE_NAMED("aa", HOST_NULL, "1", "*0\r\n"))));
	ck_assert_str_eq(owner_of(0)->host, ASKED_HOST);
}

END_TEST

START_TEST(redis_slot_map_passes_over_replicas)
{
	ck_assert_ptr_null(read_map("*1\r\n*4\r\n:0\r\n:16383\r\n"
								NODE("bb", HOST_A, "7001") NODE("aa", HOST_B, "7002")));
	ck_assert_uint_eq(map.node_count, 1);
	ck_assert_str_eq(owner_of(7)->id, "bb");
}

END_TEST

START_TEST(redis_slot_map_refuses_nonsense_and_stays_as_it_was)
{
	static const char *const nonsense[] = {
		"+OK\r\n",
		":1\r\n",
		"*-1\r\n",
		"*1\r\n:1\r\n",
		"*1\r\n*0\r\n",
		"*1\r\n*2\r\n:0\r\n:1\r\n",
		"*1\r\n" RANGE("-1", "1", NODE("bb", HOST_A, "1")),
		"*1\r\n" RANGE("0", "16384", NODE("bb", HOST_A, "1")),
		"*1\r\n" RANGE("0", "1", NODE("bb", HOST_A, "0")),
		"*1\r\n" RANGE("0", "1", NODE("bb", HOST_A, "65536")),
		"*1\r\n" RANGE("0", "1", "*2\r\n" HOST_A ":1\r\n"),
		"*1\r\n" RANGE("0", "1", "*3\r\n:5\r\n:1\r\n$2\r\nbb\r\n"),
		"*1\r\n" RANGE("0", "1", "*3\r\n" HOST_A ":1\r\n$0\r\n\r\n"),
		"*1\r\n" RANGE("0", "1", "*3\r\n" HOST_A "$1\r\n1\r\n$2\r\nbb\r\n"),
		"*1\r\n*3\r\n$1\r\n0\r\n:1\r\n" NODE("bb", HOST_A, "1"),
	};

	ck_assert_ptr_null(read_map("*1\r\n" RANGE("0", "16383", NODE("aa", HOST_A, "1"))));
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
	{
		ck_assert_msg(read_map(nonsense[i]) != NULL, "taken: %s", nonsense[i]);
		ck_assert_str_eq(owner_of(16383)->id, "aa");
	}
}

END_TEST

START_TEST(redis_slot_map_compares_owners_and_places)
{
	RedisSlotMap before;

	ck_assert_ptr_null(read_map("*2\r\n" RANGE("0", "99", NODE("bb", HOST_A, "1")) RANGE("100", "200", NODE("aa", HOST_A, "2"))));
	before = map;
	redis_slot_map_init(&map);
	ck_assert(!redis_slot_map_equals(&map, &before));
	ck_assert_ptr_null(read_map("*2\r\n" RANGE("100", "200", NODE("aa", HOST_A, "2")) RANGE("0", "99", NODE("bb", HOST_A, "1"))));
	ck_assert(redis_slot_map_equals(&map, &before));
	ck_assert_ptr_null(read_map("*2\r\n" RANGE("0", "98", NODE("bb", HOST_A, "1")) RANGE("99", "200", NODE("aa", HOST_A, "2"))));
	ck_assert(!redis_slot_map_equals(&map, &before));
	ck_assert_ptr_null(read_map("*2\r\n" RANGE("0", "99", NODE("bb", HOST_B, "1")) RANGE("100", "200", NODE("aa", HOST_A, "2"))));
	ck_assert(!redis_slot_map_equals(&map, &before));
	ck_assert_ptr_null(read_map("*2\r\n" RANGE("0", "99", NODE("bb", HOST_A, "1")) RANGE("100", "200", NODE("aa", HOST_A, "3"))));
	ck_assert(!redis_slot_map_equals(&map, &before));
	redis_slot_map_free(&before);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_slot_map");
	TCase	   *tcase = tcase_create("redis_slot_map");
	SRunner    *runner;
	int			failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, redis_slot_map_says_who_serves_a_slot);
	tcase_add_test(tcase, redis_slot_map_knows_when_it_is_incomplete);
	tcase_add_test(tcase, redis_slot_map_finds_a_host_where_none_is_announced);
	tcase_add_test(tcase, redis_slot_map_passes_over_replicas);
	tcase_add_test(tcase, redis_slot_map_refuses_nonsense_and_stays_as_it_was);
	tcase_add_test(tcase, redis_slot_map_compares_owners_and_places);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
