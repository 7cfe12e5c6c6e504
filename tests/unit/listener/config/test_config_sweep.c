/*-------------------------------------------------------------------------
 *
 * test_config_sweep.c
 *	  Unit tests of listener/src/config/config_target.c: sweep.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

START_TEST(config_sweeps_nothing_unless_told)
{
	accept_config();
	ck_assert_int_eq(config->targets[0].sweep_ms, 0);
}

END_TEST

START_TEST(config_reads_the_sweep_of_each_target)
{
	with_file("[target default]\nsweep = 1s\n"
			  "[target api]\nurl = redis://b\nsweep = 1440min\n"
			  "[target none]\nurl = redis://c\n");
	accept_config();
	ck_assert_int_eq(config->targets[0].sweep_ms, 1000);
	ck_assert_int_eq(config->targets[1].sweep_ms, 86400000);
	ck_assert_int_eq(config->targets[2].sweep_ms, 0);
	assert_targets("target default: redis localhost:6379/0 prefix \"\" sweep 1s\n"
				   "target api: redis b:6379/0 prefix \"\" sweep 1440min\n"
				   "target none: redis c:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_takes_the_sweep_from_the_environment)
{
	with_file("[target default]\nsweep = x\n");
	with_variable("REDIS_SWEEP=60min");
	accept_config();
	ck_assert_int_eq(config->targets[0].sweep_ms, 3600000);
}

END_TEST

START_TEST(config_refuses_a_sweep_that_is_no_time)
{
	static const char *const values[] = {"0s", "5", "999ms", "-5s", "1h", "1441min", "5s ms"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[128];

		(void) snprintf(text, sizeof(text), "[target default]\nsweep = %s\n", values[i]);
		refuse_file(text, ":2: expected a time from 1s to 1440min for sweep, with the"
					" unit ms, s or min");
	}
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_sweeps_nothing_unless_told);
	tcase_add_test(tests, config_reads_the_sweep_of_each_target);
	tcase_add_test(tests, config_takes_the_sweep_from_the_environment);
	tcase_add_test(tests, config_refuses_a_sweep_that_is_no_time);
}

int
main(void)
{
	return run_config_tests("config_sweep", add_tests);
}
