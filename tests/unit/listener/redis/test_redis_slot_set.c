/*-------------------------------------------------------------------------
 *
 * test_redis_slot_set.c
 *	  Unit tests of listener/src/redis/redis_slot_set.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot_set.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER "07c37d 127.0.0.1:30004@31004,host slave e7d1 0 1426238317239 4 connected\n"
#define MYSELF "e7d1ee 127.0.0.1:30001@31001 myself,master - 0 0 1 connected"

static RedisSlotSet set;

static void
setup(void)
{
	memset(&set, 0, sizeof(set));
}

static const char *
add_open(const char *text)
{
	redisReply	reply = {.type = REDIS_REPLY_STRING,.len = strlen(text)};
	char	   *copy = strdup(text);
	const char *problem;

	ck_assert_ptr_nonnull(copy);
	reply.str = copy;
	problem = redis_slot_set_add_open(&set, &reply);
	free(copy);
	return problem;
}

/* The members, as text. */
static void
expect(const char *expected)
{
	char		text[256] = "";
	size_t		length = 0;

	for (unsigned int slot = 0; redis_slot_set_next(&set, &slot); slot++)
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%u ", slot);
	ck_assert_str_eq(text, expected);
}

START_TEST(redis_slot_set_has_what_was_added)
{
	expect("");
	redis_slot_set_add(&set, 16383);
	redis_slot_set_add(&set, 0);
	redis_slot_set_add(&set, 63);
	redis_slot_set_add(&set, 64);
	redis_slot_set_add(&set, 64);
	expect("0 63 64 16383 ");
}

END_TEST

START_TEST(redis_slot_set_finds_slots_on_the_move)
{
	ck_assert_ptr_null(add_open(OTHER MYSELF " 0-5460 [77->-292f8b] [93-<-292f8b]\n" OTHER));
	expect("77 93 ");
}

END_TEST

START_TEST(redis_slot_set_without_slots_on_the_move_is_empty)
{
	ck_assert_ptr_null(add_open(OTHER MYSELF " 0-5460 7000"));
	ck_assert_ptr_null(add_open(MYSELF "\n"));
	ck_assert_ptr_null(add_open(MYSELF));
	expect("");
}

END_TEST

START_TEST(redis_slot_set_takes_no_other_node_s_slots)
{
	ck_assert_ptr_null(add_open("07c37d 127.0.0.1:1@2 master - 0 1 4 connected 1 [1->-myself]\n" MYSELF " [2->-07c37d]"));
	expect("2 ");
}

END_TEST

START_TEST(redis_slot_set_refuses_nonsense)
{
	const redisReply nil = {.type = REDIS_REPLY_NIL};

	ck_assert_ptr_nonnull(add_open(""));
	ck_assert_ptr_nonnull(add_open(OTHER));
	ck_assert_ptr_nonnull(add_open("myself"));
	ck_assert_ptr_nonnull(add_open(MYSELF " [x->-292f8b]"));
	ck_assert_ptr_nonnull(add_open(MYSELF " [16384->-292f8b]"));
	ck_assert_ptr_nonnull(add_open(MYSELF " [7=292f8b]"));
	ck_assert_ptr_nonnull(redis_slot_set_add_open(&set, &nil));
	expect("");
}

END_TEST

START_TEST(redis_slot_set_has_slots_whose_owners_differ)
{
	RedisSlotNode nodes[2] = {{.id = "a"}, {.id = "b"}};
	RedisSlotNode others[2] = {{.id = "b"}, {.id = "c"}};
	RedisSlotMap map;
	RedisSlotMap other;

	redis_slot_map_init(&map);
	redis_slot_map_init(&other);
	map.nodes = nodes;
	other.nodes = others;
	map.owners[1] = 1;
	other.owners[1] = 0;
	map.owners[2] = 0;
	other.owners[2] = 0;
	map.owners[3] = 0;
	other.owners[4] = 1;
	redis_slot_set_add_changed(&set, &map, &other);
	expect("2 3 4 ");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_slot_set");
	TCase	   *tcase = tcase_create("redis_slot_set");
	SRunner    *runner;
	int			failed;

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, redis_slot_set_has_what_was_added);
	tcase_add_test(tcase, redis_slot_set_finds_slots_on_the_move);
	tcase_add_test(tcase, redis_slot_set_without_slots_on_the_move_is_empty);
	tcase_add_test(tcase, redis_slot_set_takes_no_other_node_s_slots);
	tcase_add_test(tcase, redis_slot_set_refuses_nonsense);
	tcase_add_test(tcase, redis_slot_set_has_slots_whose_owners_differ);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
