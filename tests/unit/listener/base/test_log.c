/*-------------------------------------------------------------------------
 *
 * test_log.c
 *	  Unit tests of listener/src/base/log.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

#define OUTPUT_BYTES 65536

static Log	log_to_file;
static LogOutput file;
static char output[OUTPUT_BYTES];

static void
open_log(void)
{
	log_to_file.level = LOG_LEVEL_DEBUG;
	log_to_file.format = LOG_FORMAT_LOGFMT;
	log_to_file.output = &file;
	log_output_init(&file, memfd_create("log", 0), log_write_notice, &log_to_file);
	ck_assert_int_ge(file.fd, 0);
}

static void
close_log(void)
{
	close(file.fd);
}

/* All that was written. */
static const char *
written(void)
{
	ssize_t		count = pread(file.fd, output, sizeof(output) - 1, 0);

	ck_assert_int_ge(count, 0);
	output[count] = '\0';
	return output;
}

/* The one line that was written, from the message on. */
static const char *
written_message(void)
{
	const char *line = written();
	const char *message = strstr(line, log_to_file.format == LOG_FORMAT_JSON ?
								 "\"msg\":" : "msg=");

	ck_assert_ptr_nonnull(message);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	return message;
}

static const char *
logged(LogFormat format, const char *bytes, size_t count)
{
	log_to_file.format = format;
	log_event(&log_to_file, LOG_LEVEL_INFO, "m", LOG_BYTES("k", bytes, count));
	return written_message();
}

START_TEST(log_writes_time_level_message_and_fields_as_logfmt)
{
	const char *line;
	size_t		time_bytes = strlen("time=2024-01-31T10:20:30.123Z");

	log_event(&log_to_file, LOG_LEVEL_WARNING, "no answer", LOG_TEXT("target", "api"),
			  LOG_NUMBER("lag_ms", -5));
	line = written();
	ck_assert_int_eq(strncmp(line, "time=20", 7), 0);
	ck_assert_int_eq(line[time_bytes - 1], 'Z');
	ck_assert_str_eq(line + time_bytes,
					 " level=warning msg=\"no answer\" target=api lag_ms=-5\n");
}

END_TEST

START_TEST(log_writes_one_object_as_json)
{
	const char *line;
	size_t		time_bytes = strlen("{\"time\":\"2024-01-31T10:20:30.123Z\"");

	log_to_file.format = LOG_FORMAT_JSON;
	log_event(&log_to_file, LOG_LEVEL_ERROR, "no answer", LOG_TEXT("target", "api"),
			  LOG_NUMBER("key_count", INT64_MIN));
	line = written();
	ck_assert_int_eq(strncmp(line, "{\"time\":\"20", 11), 0);
	ck_assert_str_eq(line + time_bytes, ",\"level\":\"error\",\"msg\":\"no answer\","
					 "\"target\":\"api\",\"key_count\":-9223372036854775808}\n");
}

END_TEST

START_TEST(log_takes_an_event_without_fields)
{
	log_event(&log_to_file, LOG_LEVEL_INFO, "started");
	ck_assert_str_eq(written_message(), "msg=started\n");
}

END_TEST

START_TEST(log_takes_a_null_list_of_fields)
{
	log_write(&log_to_file, LOG_LEVEL_INFO, "started", NULL);
	ck_assert_str_eq(written_message(), "msg=started\n");
}

END_TEST

START_TEST(log_drops_events_above_its_level)
{
	log_to_file.level = LOG_LEVEL_WARNING;
	log_event(&log_to_file, LOG_LEVEL_INFO, "info");
	log_event(&log_to_file, LOG_LEVEL_DEBUG, "debug");
	ck_assert_str_eq(written(), "");
	log_event(&log_to_file, LOG_LEVEL_WARNING, "warning");
	ck_assert_str_eq(written_message(), "msg=warning\n");
}

END_TEST

START_TEST(log_names_every_level)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};

	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
	{
		LogLevel	parsed;

		log_event(&log_to_file, (LogLevel) level, "m");
		ck_assert_ptr_nonnull(strstr(written(), names[level]));
		ck_assert(log_level_parse(names[level], &parsed));
		ck_assert_int_eq(parsed, level);
	}
}

END_TEST

START_TEST(log_refuses_unknown_names)
{
	LogLevel	level;
	LogFormat	format;

	ck_assert(!log_level_parse("warn", &level));
	ck_assert(!log_level_parse("INFO", &level));
	ck_assert(!log_level_parse("", &level));
	ck_assert(!log_format_parse("text", &format));
	ck_assert(!log_format_parse("", &format));
}

END_TEST

START_TEST(log_knows_both_formats)
{
	LogFormat	format;

	ck_assert(log_format_parse("json", &format));
	ck_assert_int_eq(format, LOG_FORMAT_JSON);
	ck_assert(log_format_parse("logfmt", &format));
	ck_assert_int_eq(format, LOG_FORMAT_LOGFMT);
}

END_TEST

START_TEST(log_prints_null_as_empty)
{
	log_event(&log_to_file, LOG_LEVEL_INFO, "m", LOG_TEXT("a", NULL), LOG_BYTES("b", NULL, 3));
	ck_assert_str_eq(written_message(), "msg=m a=\"\" b=\"\"\n");
}

END_TEST

START_TEST(log_quotes_in_logfmt_only_what_needs_it)
{
	log_event(&log_to_file, LOG_LEVEL_INFO, "m", LOG_TEXT("a", "invoice:1"),
			  LOG_TEXT("b", "x y"), LOG_TEXT("c", "x=y"), LOG_TEXT("d", "\""),
			  LOG_TEXT("e", "\\"), LOG_TEXT("f", "{}[]'"));
	ck_assert_str_eq(written_message(), "msg=m a=invoice:1 b=\"x y\" c=\"x=y\" d=\"\\\"\""
					 " e=\"\\\\\" f={}[]'\n");
}

END_TEST

START_TEST(log_keeps_a_key_with_newlines_on_one_line)
{
	ck_assert_str_eq(logged(LOG_FORMAT_LOGFMT, "a\nb\rc\td", 7), "msg=m k=\"a\\nb\\rc\\td\"\n");
}

END_TEST

START_TEST(log_keeps_a_key_with_newlines_on_one_line_in_json)
{
	ck_assert_str_eq(logged(LOG_FORMAT_JSON, "a\nb\rc\td", 7),
					 "\"msg\":\"m\",\"k\":\"a\\nb\\rc\\td\"}\n");
}

END_TEST

START_TEST(log_escapes_quotes_and_backslashes_in_json)
{
	ck_assert_str_eq(logged(LOG_FORMAT_JSON, "\"\\", 2), "\"msg\":\"m\",\"k\":\"\\\"\\\\\"}\n");
}

END_TEST

START_TEST(log_escapes_control_bytes_and_zero_bytes)
{
	ck_assert_str_eq(logged(LOG_FORMAT_JSON, "\0\x1b[2J\x7f", 6),
					 "\"msg\":\"m\",\"k\":\"\\u0000\\u001b[2J\\u007f\"}\n");
}

END_TEST

START_TEST(log_escapes_the_controls_beyond_ascii)
{
	ck_assert_str_eq(logged(LOG_FORMAT_LOGFMT, "\xc2\x9b", 2), "msg=m k=\"\\u009b\"\n");
}

END_TEST

START_TEST(log_shows_utf8_as_it_is)
{
	const char *text = "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";

	ck_assert_str_eq(logged(LOG_FORMAT_JSON, text, strlen(text)),
					 "\"msg\":\"m\",\"k\":\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"}\n");
}

END_TEST

START_TEST(log_shows_invalid_utf8_by_its_bytes)
{
	ck_assert_str_eq(logged(LOG_FORMAT_LOGFMT, "a\xff\x80z", 4), "msg=m k=\"a\\xff\\x80z\"\n");
}

END_TEST

START_TEST(log_stays_valid_json_whatever_is_no_utf8)
{
	/* overlong, surrogate, beyond U+10FFFF, bad second byte, cut short */
	static const struct
	{
		const char *bytes;
		size_t		count;
		const char *shown;
	}			cases[] = {
		{"\xff", 1, "\\\\xff"},
		{"\xc0\xaf", 2, "\\\\xc0\\\\xaf"},
		{"\xe0\x80\xaf", 3, "\\\\xe0\\\\x80\\\\xaf"},
		{"\xf0\x80\x80\xaf", 4, "\\\\xf0\\\\x80\\\\x80\\\\xaf"},
		{"\xed\xa0\x80", 3, "\\\\xed\\\\xa0\\\\x80"},
		{"\xf4\x90\x80\x80", 4, "\\\\xf4\\\\x90\\\\x80\\\\x80"},
		{"\xf5\x80", 2, "\\\\xf5\\\\x80"},
		{"\xe2\x82(", 3, "\\\\xe2\\\\x82("},
		{"\xe2\x82", 2, "\\\\xe2\\\\x82"},
		{"\xc3\"", 2, "\\\\xc3\\\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char		expected[128];

		ck_assert_int_eq(ftruncate(file.fd, 0), 0);
		ck_assert_int_eq(lseek(file.fd, 0, SEEK_SET), 0);
		snprintf(expected, sizeof(expected), "\"msg\":\"m\",\"k\":\"%s\"}\n", cases[i].shown);
		ck_assert_str_eq(logged(LOG_FORMAT_JSON, cases[i].bytes, cases[i].count), expected);
	}
}

END_TEST

START_TEST(log_escapes_the_message_too)
{
	log_event(&log_to_file, LOG_LEVEL_INFO, "a\n\"b\"");
	ck_assert_str_eq(written_message(), "msg=\"a\\n\\\"b\\\"\"\n");
}

END_TEST

START_TEST(log_prints_a_value_of_a_kilobyte_whole)
{
	char		value[1024];
	const char *message;

	memset(value, 'a', sizeof(value));
	message = logged(LOG_FORMAT_LOGFMT, value, sizeof(value));
	ck_assert_uint_eq(strlen(message), strlen("msg=m k=") + 1024 + 1);
}

END_TEST

START_TEST(log_cuts_a_value_over_a_kilobyte)
{
	char		value[1025];
	const char *message;

	memset(value, 'a', sizeof(value));
	message = logged(LOG_FORMAT_LOGFMT, value, sizeof(value));
	ck_assert_uint_eq(strlen(message), strlen("msg=m k=") + 1024 + strlen("...") + 1);
	ck_assert_str_eq(message + strlen(message) - 5, "a...\n");
}

END_TEST

START_TEST(log_cuts_no_character_in_half)
{
	char		value[1100];
	const char *message;

	/* three bytes each, one before them: the cut would fall inside one */
	memset(value, 'a', sizeof(value));
	for (size_t i = 2; i + 3 <= sizeof(value); i += 3)
		memcpy(value + i, "\xe2\x82\xac", 3);
	message = logged(LOG_FORMAT_LOGFMT, value, sizeof(value));
	ck_assert_ptr_null(strstr(message, "\\x"));
	ck_assert_ptr_nonnull(strstr(message, "\xe2\x82\xac...\""));
}

END_TEST

START_TEST(log_cuts_bytes_that_are_no_characters_at_the_limit)
{
	char		value[1100];
	const char *message;

	memset(value, '\x80', sizeof(value));
	message = logged(LOG_FORMAT_LOGFMT, value, sizeof(value));
	ck_assert_uint_eq(strlen(message), strlen("msg=m k=\"...\"\n") + 4 * 1024);
}

END_TEST

START_TEST(log_leaves_out_whole_fields_beyond_its_line)
{
	char		value[1024];
	LogField	fields[20] = {{0}};
	const char *line;

	memset(value, '\x1b', sizeof(value));
	for (size_t i = 0; i < 19; i++)
		fields[i] = LOG_BYTES("k", value, sizeof(value));
	log_to_file.format = LOG_FORMAT_JSON;
	log_write(&log_to_file, LOG_LEVEL_INFO, "m", fields);
	line = written();
	ck_assert_uint_le(strlen(line), 32768);
	ck_assert_str_eq(line + strlen(line) - strlen("\\u001b\",\"fields_cut\":true}\n"),
					 "\\u001b\",\"fields_cut\":true}\n");
}

END_TEST

START_TEST(log_says_in_logfmt_too_that_fields_are_left_out)
{
	char		value[1024];
	LogField	fields[20] = {{0}};
	const char *line;

	memset(value, '\x1b', sizeof(value));
	for (size_t i = 0; i < 19; i++)
		fields[i] = LOG_BYTES("k", value, sizeof(value));
	log_write(&log_to_file, LOG_LEVEL_INFO, "m", fields);
	line = written();
	ck_assert_str_eq(line + strlen(line) - strlen("\\u001b\" fields_cut=true\n"),
					 "\\u001b\" fields_cut=true\n");
}

END_TEST

START_TEST(log_goes_nowhere_without_an_output)
{
	Log			nowhere = {LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT, NULL};

	log_event(&nowhere, LOG_LEVEL_INFO, "m");
}

END_TEST

START_TEST(log_keeps_errno_where_it_cannot_write)
{
	Log			nowhere = {LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT, &file};

	close(file.fd);
	errno = ENOENT;
	log_event(&nowhere, LOG_LEVEL_INFO, "m");
	ck_assert_int_eq(errno, ENOENT);
}

END_TEST

START_TEST(log_tells_of_dropped_lines_in_a_line_like_others)
{
	char		line[512];
	size_t		line_bytes;

	log_to_file.level = LOG_LEVEL_ERROR;
	line_bytes = log_write_notice(&log_to_file, 7, line, sizeof(line));
	ck_assert_uint_gt(line_bytes, 0);
	line[line_bytes] = '\0';
	ck_assert_ptr_nonnull(strstr(line, " level=warning msg=\"log lines were dropped\" lines=7 advice="));
	log_to_file.format = LOG_FORMAT_JSON;
	line_bytes = log_write_notice(&log_to_file, 7, line, sizeof(line));
	line[line_bytes] = '\0';
	ck_assert_ptr_nonnull(strstr(line, ",\"lines\":7,"));
	ck_assert_uint_eq(log_write_notice(&log_to_file, 7, line, 10), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("log");
	TCase	   *tests = tcase_create("log");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, open_log, close_log);
	tcase_add_test(tests, log_writes_time_level_message_and_fields_as_logfmt);
	tcase_add_test(tests, log_writes_one_object_as_json);
	tcase_add_test(tests, log_takes_an_event_without_fields);
	tcase_add_test(tests, log_takes_a_null_list_of_fields);
	tcase_add_test(tests, log_drops_events_above_its_level);
	tcase_add_test(tests, log_names_every_level);
	tcase_add_test(tests, log_refuses_unknown_names);
	tcase_add_test(tests, log_knows_both_formats);
	tcase_add_test(tests, log_prints_null_as_empty);
	tcase_add_test(tests, log_quotes_in_logfmt_only_what_needs_it);
	tcase_add_test(tests, log_keeps_a_key_with_newlines_on_one_line);
	tcase_add_test(tests, log_keeps_a_key_with_newlines_on_one_line_in_json);
	tcase_add_test(tests, log_escapes_quotes_and_backslashes_in_json);
	tcase_add_test(tests, log_escapes_control_bytes_and_zero_bytes);
	tcase_add_test(tests, log_escapes_the_controls_beyond_ascii);
	tcase_add_test(tests, log_shows_utf8_as_it_is);
	tcase_add_test(tests, log_shows_invalid_utf8_by_its_bytes);
	tcase_add_test(tests, log_stays_valid_json_whatever_is_no_utf8);
	tcase_add_test(tests, log_escapes_the_message_too);
	tcase_add_test(tests, log_prints_a_value_of_a_kilobyte_whole);
	tcase_add_test(tests, log_cuts_a_value_over_a_kilobyte);
	tcase_add_test(tests, log_cuts_no_character_in_half);
	tcase_add_test(tests, log_cuts_bytes_that_are_no_characters_at_the_limit);
	tcase_add_test(tests, log_leaves_out_whole_fields_beyond_its_line);
	tcase_add_test(tests, log_says_in_logfmt_too_that_fields_are_left_out);
	tcase_add_test(tests, log_goes_nowhere_without_an_output);
	tcase_add_test(tests, log_keeps_errno_where_it_cannot_write);
	tcase_add_test(tests, log_tells_of_dropped_lines_in_a_line_like_others);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
