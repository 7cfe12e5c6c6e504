/*-------------------------------------------------------------------------
 *
 * test_cacheops_text.c
 *	  Unit tests of extension/src/rule/cacheops_text.c.  What is expected is what
 *	  Python 3.11 writes.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rule/cacheops_text.h"

static char forms[32768];

static void
add_form(const char *text, size_t length, void *argument)
{
	(void) argument;
	if (forms[0] != '\0')
		strncat(forms, " ", sizeof(forms) - strlen(forms) - 1);
	strncat(forms, text, length);
}

static void
expect_forms(const char *number, int digits, int scale, const char *expected)
{
	forms[0] = '\0';
	ck_assert(cacheops_text_decimal(number, digits, scale, add_form, NULL));
	ck_assert_str_eq(forms, expected);
}

START_TEST(cacheops_text_writes_a_decimal_in_every_scale)
{
	expect_forms("12.50", 12, 2, "12.5 12.50 12.500 12.5000 12.50000 12.500000 12.5000000000");
	expect_forms("-0.05", 4, 2, "-0.05 -0.050 -0.0500 -0.05000 -0.050000");
	expect_forms("7", 5, 0, "7 7.0 7.00 7.000 7.0000");
}

END_TEST

START_TEST(cacheops_text_writes_a_decimal_normalized)
{
	expect_forms("1000", 5, 0, "1000 1000.0 1000.00 1000.000 1000.0000 1E+3 1.0E+3 1.00E+3");
	expect_forms("-1200.00", 9, 2,
				 "-1200 -1200.0 -1200.00 -1200.000 -1200.0000 -1200.00000 -1200.000000 -1.2E+3 -1.20E+3");
}

END_TEST

START_TEST(cacheops_text_writes_small_decimals_with_an_exponent)
{
	expect_forms("0.0000010", 0, 7, "0.000001 0.0000010 0.00000100 0.000001000 0.0000010000 "
				 "0.00000100000");
	expect_forms("0.0000001", 0, 7, "1E-7 1.0E-7 1.00E-7 1.000E-7 1.0000E-7");
	expect_forms("0.00000012", 0, 8, "1.2E-7 1.20E-7 1.200E-7 1.2000E-7 1.20000E-7");
}

END_TEST

START_TEST(cacheops_text_writes_zero_with_both_signs_and_one_digit)
{
	expect_forms("0.00", 12, 2, "-0 -0.0 -0.00 -0.000 -0.0000 -0.00000 -0.000000 -0E+4 -0E+3 -0E+2 -0E+1 "
				 "0 0.0 0.00 0.000 0.0000 0.00000 0.000000 0E+4 0E+3 0E+2 0E+1");
	expect_forms("0.00000", 12, 5, "-0 -0.0 -0.00 -0.000 -0.0000 -0.00000 -0.000000 -0E-7 -0E-8 -0E-9 "
				 "-0E+4 -0E+3 -0E+2 -0E+1 "
				 "0 0.0 0.00 0.000 0.0000 0.00000 0.000000 0E-7 0E-8 0E-9 0E+4 0E+3 0E+2 0E+1");
}

END_TEST

START_TEST(cacheops_text_begins_with_the_scale_that_a_number_needs)
{
	expect_forms("0.12345", 0, 0, "0.12345");
	expect_forms("123456789012345678901234567890.5", 0, 1,
				 "123456789012345678901234567890.5 123456789012345678901234567890.50 "
				 "123456789012345678901234567890.500 123456789012345678901234567890.5000 "
				 "123456789012345678901234567890.50000");
}

END_TEST

START_TEST(cacheops_text_gives_nothing_of_what_is_no_number_or_too_long)
{
	char		number[CACHEOPS_TEXT_MAX_DIGITS + 2];

	forms[0] = '\0';
	ck_assert(!cacheops_text_decimal("NaN", 12, 2, add_form, NULL));
	ck_assert(!cacheops_text_decimal("-Infinity", 12, 2, add_form, NULL));
	ck_assert(!cacheops_text_decimal("1", 0, CACHEOPS_TEXT_MAX_DIGITS + 1, add_form, NULL));
	memset(number, '7', sizeof(number));
	number[sizeof(number) - 1] = '\0';
	ck_assert(!cacheops_text_decimal(number, 0, 0, add_form, NULL));
	ck_assert_str_eq(forms, "");
	number[CACHEOPS_TEXT_MAX_DIGITS] = '\0';
	ck_assert(cacheops_text_decimal(number, 0, CACHEOPS_TEXT_MAX_DIGITS, add_form, NULL));
	ck_assert_str_ne(forms, "");
}

END_TEST

static void
expect_text(const char *out, size_t length, const char *expected)
{
	ck_assert_uint_eq(length, strlen(expected));
	ck_assert_mem_eq(out, expected, length);
}

START_TEST(cacheops_text_writes_dates_and_times)
{
	char		out[CACHEOPS_TEXT_BYTES];

	expect_text(out, cacheops_text_date(2024, 1, 31, out), "2024-01-31");
	expect_text(out, cacheops_text_date(1, 2, 3, out), "0001-02-03");
	expect_text(out, cacheops_text_time(0, 0, 0, 0, out), "00:00:00");
	expect_text(out, cacheops_text_time(23, 59, 59, 1, out), "23:59:59.000001");
	expect_text(out, cacheops_text_time(1, 2, 3, 500000, out), "01:02:03.500000");
}

END_TEST

START_TEST(cacheops_text_writes_offsets)
{
	char		out[CACHEOPS_TEXT_BYTES];

	expect_text(out, cacheops_text_offset(0, out), "+00:00");
	expect_text(out, cacheops_text_offset(-19800, out), "+05:30");
	expect_text(out, cacheops_text_offset(3600 * 12, out), "-12:00");
	expect_text(out, cacheops_text_offset(-21208, out), "+05:53:28");
}

END_TEST

START_TEST(cacheops_text_writes_durations)
{
	char		out[CACHEOPS_TEXT_BYTES];
	const int64_t second = 1000000;

	expect_text(out, cacheops_text_duration(0, 0, out), "0:00:00");
	expect_text(out, cacheops_text_duration(0, 5 * second + 1, out), "0:00:05.000001");
	expect_text(out, cacheops_text_duration(1, 7384 * second, out), "1 day, 2:03:04");
	expect_text(out, cacheops_text_duration(0, -second, out), "-1 day, 23:59:59");
	expect_text(out, cacheops_text_duration(-3, 90000 * second, out), "-2 days, 1:00:00");
	expect_text(out, cacheops_text_duration(2, -second / 2, out), "1 day, 23:59:59.500000");
	expect_text(out, cacheops_text_duration(999999999, 86399 * second, out),
				"999999999 days, 23:59:59");
	expect_text(out, cacheops_text_duration(-999999999, 0, out), "-999999999 days, 0:00:00");
	ck_assert_uint_eq(cacheops_text_duration(1000000000, 0, out), 0);
	ck_assert_uint_eq(cacheops_text_duration(-999999999, -1, out), 0);
	ck_assert_uint_eq(cacheops_text_duration(INT32_MAX * INT64_C(30), INT64_MAX, out), 0);
	ck_assert_uint_eq(cacheops_text_duration(INT32_MIN * INT64_C(30), INT64_MIN, out), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("row_forms");
	TCase	   *tests = tcase_create("row_forms");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, cacheops_text_writes_a_decimal_in_every_scale);
	tcase_add_test(tests, cacheops_text_writes_a_decimal_normalized);
	tcase_add_test(tests, cacheops_text_writes_small_decimals_with_an_exponent);
	tcase_add_test(tests, cacheops_text_writes_zero_with_both_signs_and_one_digit);
	tcase_add_test(tests, cacheops_text_begins_with_the_scale_that_a_number_needs);
	tcase_add_test(tests, cacheops_text_gives_nothing_of_what_is_no_number_or_too_long);
	tcase_add_test(tests, cacheops_text_writes_dates_and_times);
	tcase_add_test(tests, cacheops_text_writes_offsets);
	tcase_add_test(tests, cacheops_text_writes_durations);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
