/*-------------------------------------------------------------------------
 *
 * test_redis_refusal.c
 *	  redis_node.c with a real Redis that refuses some of what it is sent.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "redis/real_redis_fixture.h"

/* Reconnects as a user with these rights. */
static void
become(const char *rights)
{
	static char name[] = "uncached";
	static char password[] = "secret";

	REAL_REDIS_DO(&redis, "ACL SETUSER uncached on >secret +unlink +scan +select +ping"
				  " +info +client|setname");
	if (rights[0] != '\0')
		REAL_REDIS_DO(&redis, rights);
	redis_node_destroy(real_target);
	redis.url.username = name;
	redis.url.password = password;
	start_target();
}

START_TEST(redis_refusal_needs_no_scripts_for_keys_and_patterns)
{
	become("ACL SETUSER uncached ~*");
	REAL_REDIS_DO(&redis, "MSET key x k:1 x");
	add_name(&names, NAME_KEY, "key");
	apply();
	add_name(&patterns, NAME_KEY, "k:*");
	scan();
	expect_key_count(0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(redis_refusal_needs_the_documented_rights_for_tags_and_versions)
{
	become("ACL SETUSER uncached ~* +eval +srandmember +srem +incrby +set +time");
	register_keys("tag:a", MANY_COUNT);
	REAL_REDIS_DO(&redis, "SET tag:b x");
	add_name(&names, NAME_TAG, "tag:a");
	add_name(&names, NAME_TAG, "tag:b");
	add_name(&names, NAME_VERSION, "v");
	apply();
	expect_key_count(1);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

/* Each right that is missing holds the batch up, and costs no member. */
START_TEST(redis_refusal_forgets_no_member_that_it_may_not_unlink)
{
	static const char *const rights[] = {
		"ACL SETUSER uncached resetkeys ~* +eval",
		"ACL SETUSER uncached +srandmember +srem -unlink",
		"ACL SETUSER uncached resetkeys ~tag:* +unlink",
	};

	become(rights[0]);
	register_keys("tag:a", 2);
	REAL_REDIS_DO(&redis, "SET other x");
	REAL_REDIS_DO(&redis, "SADD tag:a other");
	add_name(&names, NAME_TAG, "tag:a");
	redis_node_apply(real_target, REDIS_LANE_QUICK, &names);
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
	{
		REAL_REDIS_DO(&redis, rights[i]);
		scripted_redis_run_until(loop, &lost_count, lost_count + 3);
		ck_assert_int_eq(REAL_REDIS_COUNT(&redis, "SCARD tag:a"), 3);
		ck_assert_int_eq(apply_done_count, 0);
	}
	REAL_REDIS_DO(&redis, "ACL SETUSER uncached ~*");
	scripted_redis_run_until(loop, &apply_done_count, 1);
	expect_key_count(0);
}

END_TEST

START_TEST(redis_refusal_of_writes_for_memory_stops_nothing)
{
	register_keys("tag:a", 3);
	REAL_REDIS_DO(&redis, "SET key x");
	REAL_REDIS_DO(&redis, "SET v 7");
	REAL_REDIS_DO(&redis, "CONFIG SET maxmemory 1");
	add_name(&names, NAME_KEY, "key");
	add_name(&names, NAME_TAG, "tag:a");
	add_name(&names, NAME_VERSION, "v");
	apply();
	expect_key_count(0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, redis_refusal_needs_no_scripts_for_keys_and_patterns);
	tcase_add_test(tests, redis_refusal_needs_the_documented_rights_for_tags_and_versions);
	tcase_add_test(tests, redis_refusal_forgets_no_member_that_it_may_not_unlink);
	tcase_add_test(tests, redis_refusal_of_writes_for_memory_stops_nothing);
}

int
main(void)
{
	return run_server_tests("redis_refusal", add_tests);
}
