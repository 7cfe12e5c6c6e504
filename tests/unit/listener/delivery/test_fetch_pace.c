/*-------------------------------------------------------------------------
 *
 * test_fetch_pace.c
 *	  Unit tests of listener/src/delivery/fetch_pace.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "delivery/fetch_pace.h"

#define BEGIN_MS INT64_C(1000000)

static FetchPace pace;
static int64_t now_ms;

static void
start(void)
{
	now_ms = BEGIN_MS;
	fetch_pace_init(&pace, now_ms);
}

/* An answer that comes so much later than the last one. */
static void
fetch_after(int64_t elapsed_ms, size_t row_count)
{
	now_ms += elapsed_ms;
	fetch_pace_take_fetch(&pace, now_ms, row_count);
}

START_TEST(fetch_pace_does_not_linger_at_first)
{
	start();
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), 0);
	fetch_after(0, 1000);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), 0);
}

END_TEST

/* As many answers as an interval has, with so many rows each. */
static void
fetch_for_interval(size_t row_count)
{
	for (int i = 0; i < FETCH_PACE_INTERVAL_MS; i++)
		fetch_after(1, row_count);
}

START_TEST(fetch_pace_lingers_where_rows_come_all_the_time)
{
	start();
	fetch_for_interval(2);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
}

END_TEST

/* Each was fetched before the next came; together they do without most fetches. */
START_TEST(fetch_pace_lingers_where_it_brings_rows_together)
{
	start();
	for (int i = 0; i < 16; i++)
		fetch_after(4, 1);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
	for (int i = 0; i < 100; i++)
	{
		fetch_after(FETCH_PACE_LINGER_MS, 2);
		ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
	}
}

END_TEST

START_TEST(fetch_pace_does_not_linger_for_rows_that_come_seldom)
{
	start();
	for (int i = 0; i < 1000; i++)
	{
		fetch_after(5, 1);
		ck_assert_int_eq(fetch_pace_linger_ms(&pace), 0);
	}
}

END_TEST

/* A client that waits for each of its rows, as fast as it can. */
START_TEST(fetch_pace_hardly_lingers_for_rows_that_come_one_by_one)
{
	int64_t		lingered_ms = 0;

	start();
	while (now_ms < BEGIN_MS + 20000)
	{
		int64_t		linger_ms = fetch_pace_linger_ms(&pace);

		lingered_ms += linger_ms;
		fetch_after(linger_ms, 1);
		fetch_after(linger_ms > 0 ? 0 : 1, 0);
	}
	ck_assert_int_gt(lingered_ms, 0);
	ck_assert_int_le(lingered_ms, 20 * 2 * FETCH_PACE_INTERVAL_MS);
}

END_TEST

START_TEST(fetch_pace_does_not_hold_up_what_comes_after_a_pause)
{
	start();
	fetch_after(10000, 2000);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), 0);
}

END_TEST

START_TEST(fetch_pace_goes_on_lingering_at_its_own_pace)
{
	start();
	fetch_for_interval(5);
	for (int i = 0; i < 40; i++)
	{
		fetch_after(FETCH_PACE_LINGER_MS + 1, 45);
		ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
	}
}

END_TEST

START_TEST(fetch_pace_stops_lingering_when_rows_get_fewer)
{
	start();
	fetch_for_interval(5);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
	fetch_after(FETCH_PACE_INTERVAL_MS, FETCH_PACE_STILL_BUSY_ROWS);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), FETCH_PACE_LINGER_MS);
	fetch_after(FETCH_PACE_INTERVAL_MS, FETCH_PACE_STILL_BUSY_ROWS - 1);
	ck_assert_int_eq(fetch_pace_linger_ms(&pace), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("fetch_pace");
	TCase	   *tests = tcase_create("fetch_pace");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, fetch_pace_does_not_linger_at_first);
	tcase_add_test(tests, fetch_pace_lingers_where_rows_come_all_the_time);
	tcase_add_test(tests, fetch_pace_does_not_linger_for_rows_that_come_seldom);
	tcase_add_test(tests, fetch_pace_hardly_lingers_for_rows_that_come_one_by_one);
	tcase_add_test(tests, fetch_pace_lingers_where_it_brings_rows_together);
	tcase_add_test(tests, fetch_pace_does_not_hold_up_what_comes_after_a_pause);
	tcase_add_test(tests, fetch_pace_goes_on_lingering_at_its_own_pace);
	tcase_add_test(tests, fetch_pace_stops_lingering_when_rows_get_fewer);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
