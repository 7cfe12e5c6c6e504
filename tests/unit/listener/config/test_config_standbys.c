/*-------------------------------------------------------------------------
 *
 * test_config_standbys.c
 *	  Unit tests of listener/src/config/config_target.c: standbys and
 *	  standby_timeout.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

static void
expect_standbys(size_t target, const char *names, int64_t timeout_ms)
{
	ck_assert_pstr_eq(config->targets[target].standbys, names);
	ck_assert_int_eq(config->targets[target].standby_timeout_ms, timeout_ms);
}

START_TEST(config_has_no_standbys_unless_told)
{
	accept_config();
	expect_standbys(0, NULL, 60000);
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_reads_the_standbys_of_each_target)
{
	with_file("[target default]\nstandbys = one\nstandby_timeout = 5s\n"
			  "[target api]\nurl = redis://b\nstandbys = \" one ,\ttwo words,3\"\n"
			  "[target most]\nurl = redis://c\nstandbys = any\nstandby_timeout = 60min\n");
	accept_config();
	expect_standbys(0, "one", 5000);
	expect_standbys(1, "one,two words,3", 60000);
	expect_standbys(2, "any", 3600000);
	assert_targets("target default: redis localhost:6379/0 prefix \"\""
				   " standbys \"one\" standby_timeout 5s\n"
				   "target api: redis b:6379/0 prefix \"\" standbys \"one,two words,3\" standby_timeout 1min\n"
				   "target most: redis c:6379/0 prefix \"\" standbys \"any\" standby_timeout 60min\n");
}

END_TEST

START_TEST(config_takes_standbys_from_the_environment_and_the_command_line)
{
	with_file("[target default]\nstandbys = file\nstandby_timeout = x\n");
	with_variable("REDIS_STANDBYS=variable");
	with_variable("REDIS_STANDBY_TIMEOUT=2s");
	accept_config();
	expect_standbys(0, "variable", 2000);
	with_argument("--standbys=line");
	with_argument("--standby-timeout=3s");
	accept_config();
	expect_standbys(0, "line", 3000);
}

END_TEST

START_TEST(config_refuses_standbys_without_names)
{
	static const char *const values[] = {
		",", "a,", ",a", "a,,b", "a, ,b",
		"0123456789012345678901234567890123456789012345678901234567890123"
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[160];

		(void) snprintf(text, sizeof(text), "[target default]\nstandbys = %s\n", values[i]);
		refuse_file(text, ":2: expected \"any\", or names of standbys, 1 to 63 bytes each,"
					" with commas between them");
	}
	refuse_file("[target default]\nstandbys =\n", ":2: expected a value for \"standbys\"");
}

END_TEST

START_TEST(config_refuses_a_name_next_to_any)
{
	refuse_file("[target default]\nstandbys = a, any\n", ":2: expected \"any\", or names");
	refuse_file("[target default]\nstandbys = any, a\n", ":2: expected \"any\", or names");
}

END_TEST

START_TEST(config_refuses_a_standby_timeout_that_is_no_time)
{
	static const char *const values[] = {"0s", "5", "s", "999ms", "61min", "1h"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[128];

		(void) snprintf(text, sizeof(text),
						"[target default]\nstandbys = a\nstandby_timeout = %s\n", values[i]);
		refuse_file(text, ":3: expected a time from 1s to 60min for standby_timeout");
	}
}

END_TEST

START_TEST(config_refuses_a_standby_timeout_without_standbys)
{
	refuse_file("[target default]\nstandby_timeout = 5s\n",
				":2: expected standbys next to standby_timeout");
}

END_TEST

START_TEST(config_refuses_a_standby_timeout_of_a_target_that_there_is_not)
{
	with_file("[target api]\nurl = redis://b\nstandbys = a\n");
	with_argument("--standby-timeout=5s");
	refuse_config("--standby-timeout: expected a target \"default\" in the file, or --redis");
}

END_TEST

START_TEST(config_refuses_standbys_of_a_target_that_there_is_not)
{
	with_file("[target api]\nurl = redis://b\n");
	with_argument("--standbys=a");
	refuse_config("--standbys: expected a target \"default\" in the file, or --redis");
	with_argument("--redis=redis://c");
	accept_config();
	expect_standbys(1, "a", 60000);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_has_no_standbys_unless_told);
	tcase_add_test(tests, config_reads_the_standbys_of_each_target);
	tcase_add_test(tests, config_takes_standbys_from_the_environment_and_the_command_line);
	tcase_add_test(tests, config_refuses_standbys_without_names);
	tcase_add_test(tests, config_refuses_a_name_next_to_any);
	tcase_add_test(tests, config_refuses_a_standby_timeout_that_is_no_time);
	tcase_add_test(tests, config_refuses_a_standby_timeout_without_standbys);
	tcase_add_test(tests, config_refuses_a_standby_timeout_of_a_target_that_there_is_not);
	tcase_add_test(tests, config_refuses_standbys_of_a_target_that_there_is_not);
}

int
main(void)
{
	return run_config_tests("config_standbys", add_tests);
}
