/*-------------------------------------------------------------------------
 *
 * test_metric_text.c
 *	  Unit tests of listener/src/status/metric_text.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "status/metric_text.h"

static const MetricFamily counter = {"x_things", METRIC_COUNTER, "Things."};
static const MetricFamily gauge = {"x_bytes", METRIC_GAUGE, "Bytes."};
static const MetricFamily times = {"x_seconds", METRIC_HISTOGRAM, "Times."};
static const MetricLabel none[] = {{0}};

static char *written;
static size_t written_bytes;
static MetricText text;

static void
set_up(void)
{
	text.format = METRIC_FORMAT_PROMETHEUS;
	text.stream = open_memstream(&written, &written_bytes);
	ck_assert_ptr_nonnull(text.stream);
}

static void
tear_down(void)
{
	if (text.stream != NULL)
		ck_assert_int_eq(fclose(text.stream), 0);
	free(written);
}

static void
assert_written(const char *expected)
{
	ck_assert_int_eq(fclose(text.stream), 0);
	text.stream = NULL;
	ck_assert_str_eq(written, expected);
}

START_TEST(metric_text_names_a_counter_with_its_suffix)
{
	const MetricLabel labels[] = {{"target", "a"}, {"kind", "b"}, {0}};

	metric_text_begin(&text, &counter);
	metric_text_number(&text, &counter, labels, UINT64_MAX);
	metric_text_end(&text);
	assert_written("# HELP x_things_total Things.\n# TYPE x_things_total counter\n"
				   "x_things_total{target=\"a\",kind=\"b\"} 18446744073709551615\n");
}

END_TEST

START_TEST(metric_text_in_openmetrics_has_the_suffix_in_samples_only_and_an_end)
{
	text.format = METRIC_FORMAT_OPENMETRICS;
	metric_text_begin(&text, &counter);
	metric_text_number(&text, &counter, none, 7);
	metric_text_end(&text);
	assert_written("# HELP x_things Things.\n# TYPE x_things counter\nx_things_total 7\n# EOF\n");
}

END_TEST

START_TEST(metric_text_escapes_labels)
{
	const MetricLabel labels[] = {{"target", "a\"b\\c\nd\t{}=,\xc3\xa9"}, {0}};

	metric_text_number(&text, &gauge, labels, 1);
	assert_written("x_bytes{target=\"a\\\"b\\\\c\\nd\t{}=,\xc3\xa9\"} 1\n");
}

END_TEST

START_TEST(metric_text_escapes_help)
{
	static const MetricFamily odd = {"x", METRIC_GAUGE, "A\nb\\c."};

	metric_text_begin(&text, &odd);
	assert_written("# HELP x A\\nb\\\\c.\n# TYPE x gauge\n");
}

END_TEST

START_TEST(metric_text_writes_millionths)
{
	metric_text_micro(&text, &gauge, none, 1);
	metric_text_micro(&text, &gauge, none, 1700000000123456);
	metric_text_micro(&text, &gauge, none, -5);
	assert_written("x_bytes 0.000001\nx_bytes 1700000000.123456\nx_bytes 0.000000\n");
}

END_TEST

START_TEST(metric_text_writes_a_histogram_that_adds_up)
{
	const MetricLabel labels[] = {{"target", "a"}, {0}};
	Histogram	histogram = {0};

	histogram_add(&histogram, 100, 1);
	histogram_add(&histogram, 2000, 2);
	histogram_add(&histogram, 1000000000, 4);
	metric_text_begin(&text, &times);
	metric_text_histogram(&text, &times, labels, &histogram);
	ck_assert_int_eq(fflush(text.stream), 0);
	ck_assert_ptr_nonnull(strstr(written, "# TYPE x_seconds histogram\nx_seconds_bucket{target=\"a\",le=\"0.0001\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(written, "x_seconds_bucket{target=\"a\",le=\"0.001\"} 1\n"
								 "x_seconds_bucket{target=\"a\",le=\"0.0025\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(written, "le=\"1.0\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(written, "le=\"600.0\"} 3\nx_seconds_bucket{target=\"a\",le=\"+Inf\"} 7\n"
								 "x_seconds_sum{target=\"a\"} 4000.004100\nx_seconds_count{target=\"a\"} 7\n"));
}

END_TEST

START_TEST(metric_text_chooses_what_the_reader_prefers)
{
	static const struct
	{
		const char *accept;
		MetricFormat format;
	}			headers[] = {
		{NULL, METRIC_FORMAT_PROMETHEUS},
		{"", METRIC_FORMAT_PROMETHEUS},
		{"*/*", METRIC_FORMAT_PROMETHEUS},
		{"text/html,application/xhtml+xml,*/*;q=0.8", METRIC_FORMAT_PROMETHEUS},
		{"application/openmetrics-text", METRIC_FORMAT_OPENMETRICS},
		{"Application/OpenMetrics-Text; version=1.0.0", METRIC_FORMAT_OPENMETRICS},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
		"text/plain;version=0.0.4;q=0.5,*/*;q=0.1", METRIC_FORMAT_OPENMETRICS},
		{"text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.3", METRIC_FORMAT_PROMETHEUS},
		{"application/openmetrics-text;q=0", METRIC_FORMAT_PROMETHEUS},
		{"application/openmetrics-textual", METRIC_FORMAT_PROMETHEUS},
		{",,, ;q=1,application/openmetrics-text;q=x", METRIC_FORMAT_PROMETHEUS},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		ck_assert_msg(metric_text_choose(headers[i].accept) == headers[i].format, "%s", headers[i].accept);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("metric_text");
	TCase	   *tests = tcase_create("metric_text");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, metric_text_names_a_counter_with_its_suffix);
	tcase_add_test(tests, metric_text_in_openmetrics_has_the_suffix_in_samples_only_and_an_end);
	tcase_add_test(tests, metric_text_escapes_labels);
	tcase_add_test(tests, metric_text_escapes_help);
	tcase_add_test(tests, metric_text_writes_millionths);
	tcase_add_test(tests, metric_text_writes_a_histogram_that_adds_up);
	tcase_add_test(tests, metric_text_chooses_what_the_reader_prefers);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
