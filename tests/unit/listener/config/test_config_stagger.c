/*-------------------------------------------------------------------------
 *
 * test_config_stagger.c
 *	  Unit tests of listener/src/config/config_target.c: stagger and stagger_from.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

static void
expect_stagger(size_t target, int64_t ms, int64_t from)
{
	ck_assert_int_eq(config->targets[target].stagger_ms, ms);
	ck_assert_int_eq(config->targets[target].stagger_from, from);
}

START_TEST(config_staggers_nothing_unless_told)
{
	accept_config();
	ck_assert_int_eq(config->targets[0].stagger_ms, 0);
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_reads_the_stagger_of_each_target)
{
	with_file("[target default]\nstagger = 5s\n"
			  "[target api]\nurl = redis://b\nstagger = 1ms\nstagger_from = 1\n"
			  "[target most]\nurl = redis://c\nstagger_from = 1000000000\nstagger = 60min\n");
	accept_config();
	expect_stagger(0, 5000, 1000);
	expect_stagger(1, 1, 1);
	expect_stagger(2, 3600000, 1000000000);
	assert_targets("target default: redis localhost:6379/0 prefix \"\""
				   " stagger 5s stagger_from 1000\n"
				   "target api: redis b:6379/0 prefix \"\" stagger 1ms stagger_from 1\n"
				   "target most: redis c:6379/0 prefix \"\""
				   " stagger 60min stagger_from 1000000000\n");
}

END_TEST

START_TEST(config_takes_the_stagger_from_the_environment)
{
	with_file("[target default]\nstagger = x\nstagger_from = 7\n");
	with_variable("REDIS_STAGGER=250ms");
	accept_config();
	expect_stagger(0, 250, 7);
	with_variable("REDIS_STAGGER_FROM=50");
	accept_config();
	expect_stagger(0, 250, 50);
}

END_TEST

START_TEST(config_refuses_a_stagger_that_is_no_time)
{
	static const char *const values[] = {
		"0s", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "5m", "1h", "61min",
		"3600001ms", "99999999999999999999s", "5s ms"
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[128];

		(void) snprintf(text, sizeof(text), "[target default]\nstagger = %s\n", values[i]);
		refuse_file(text, ":2: expected a time from 1ms to 60min for stagger, with the unit"
					" ms, s or min");
	}
	refuse_file("[target default]\nstagger =\n", ":2: expected a value for \"stagger\"");
}

END_TEST

START_TEST(config_refuses_a_stagger_from_that_is_no_number_of_keys)
{
	static const char *const values[] = {"0", "-1", "1k", "1.5", "1000000001"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[128];

		(void) snprintf(text, sizeof(text),
						"[target default]\nstagger = 5s\nstagger_from = %s\n", values[i]);
		refuse_file(text, ":3: expected a number from 1 to 1000000000 for stagger_from");
	}
}

END_TEST

START_TEST(config_refuses_a_stagger_from_without_a_stagger)
{
	refuse_file("[target default]\nstagger_from = 5\n",
				":2: expected stagger next to stagger_from");
}

END_TEST

START_TEST(config_refuses_a_stagger_of_the_environment)
{
	with_variable("REDIS_STAGGER=" SECRET);
	refuse_config("REDIS_STAGGER: expected a time from 1ms to 60min");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_staggers_nothing_unless_told);
	tcase_add_test(tests, config_reads_the_stagger_of_each_target);
	tcase_add_test(tests, config_takes_the_stagger_from_the_environment);
	tcase_add_test(tests, config_refuses_a_stagger_that_is_no_time);
	tcase_add_test(tests, config_refuses_a_stagger_from_that_is_no_number_of_keys);
	tcase_add_test(tests, config_refuses_a_stagger_from_without_a_stagger);
	tcase_add_test(tests, config_refuses_a_stagger_of_the_environment);
}

int
main(void)
{
	return run_config_tests("config_stagger", add_tests);
}
