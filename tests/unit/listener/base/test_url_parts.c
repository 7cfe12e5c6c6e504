/*-------------------------------------------------------------------------
 *
 * test_url_parts.c
 *	  Unit tests of listener/src/base/url.c: parts that are given apart, and what is
 *	  shown of a URL.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/url_fixture.h"

static void
assert_description(const char *expected)
{
	char		text[256];

	url_describe(&url, text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

/* ---- parts given apart ---- */

START_TEST(url_set_host_replaces_the_host_alone)
{
	accept_url("redis://:" SECRET "@a:7000/3");
	ck_assert(url_set_host(&url, "b", error, sizeof(error)));
	assert_description("b:7000/3");
	ck_assert_str_eq(url.password, SECRET);
}

END_TEST

START_TEST(url_set_host_replaces_a_socket)
{
	accept_url("unix:///a?db=3");
	ck_assert(url_set_host(&url, "b", error, sizeof(error)));
	assert_description("b:6379/3");
}

END_TEST

START_TEST(url_set_host_takes_ipv6_with_and_without_brackets)
{
	accept_url("redis://a");
	ck_assert(url_set_host(&url, "::1", error, sizeof(error)));
	ck_assert_str_eq(url.host, "::1");
	ck_assert(url_set_host(&url, "[::2]", error, sizeof(error)));
	ck_assert_str_eq(url.host, "::2");
}

END_TEST

START_TEST(url_set_host_rejects_more_than_a_host)
{
	static const char *const hosts[] = {
		"", "redis://b", "b/3", "a@b", "/run/redis.sock", "b?x", "b#x", "[b", "a b"
	};

	accept_url("redis://a:1/2");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		ck_assert_msg(!url_set_host(&url, hosts[i], error, sizeof(error)), "%s", hosts[i]);
		ck_assert_str_eq(error, "expected a host name or address alone");
	}
	assert_description("a:1/2");
}

END_TEST

START_TEST(url_set_port_replaces_the_port)
{
	accept_url("redis://a:1/2");
	ck_assert(url_set_port(&url, "65535", error, sizeof(error)));
	assert_description("a:65535/2");
}

END_TEST

START_TEST(url_set_port_rejects_what_is_no_port)
{
	accept_url("redis://a:1/2");
	ck_assert(!url_set_port(&url, "0", error, sizeof(error)));
	ck_assert(!url_set_port(&url, "65536", error, sizeof(error)));
	ck_assert(!url_set_port(&url, "", error, sizeof(error)));
	ck_assert(!url_set_port(&url, "http", error, sizeof(error)));
	ck_assert_str_eq(error, "expected a port from 1 to 65535");
	assert_description("a:1/2");
}

END_TEST

START_TEST(url_set_port_rejects_a_port_for_a_socket)
{
	accept_url("unix:///a");
	ck_assert(!url_set_port(&url, "1", error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "socket"));
}

END_TEST

START_TEST(url_set_database_replaces_the_database)
{
	accept_url("redis://a:1/2");
	ck_assert(url_set_database(&url, "15", error, sizeof(error)));
	assert_description("a:1/15");
}

END_TEST

START_TEST(url_set_database_rejects_what_is_no_number)
{
	accept_url("redis://a:1/2");
	ck_assert(!url_set_database(&url, "-1", error, sizeof(error)));
	ck_assert(!url_set_database(&url, "2147483648", error, sizeof(error)));
	ck_assert(!url_set_database(&url, "", error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "database number"));
	assert_description("a:1/2");
}

END_TEST

/* ---- showing ---- */

START_TEST(url_describes_a_host_without_user_and_password)
{
	accept_url("redis://app:" SECRET "@h:1/2");
	assert_description("h:1/2");
}

END_TEST

START_TEST(url_describes_ipv6_in_brackets)
{
	accept_url("redis://[::1]");
	assert_description("[::1]:6379/0");
}

END_TEST

START_TEST(url_describes_a_socket_without_user_and_password)
{
	accept_url("unix://app:" SECRET "@/run/redis.sock?db=2");
	assert_description("/run/redis.sock db=2");
}

END_TEST

START_TEST(url_cuts_a_message_to_the_buffer)
{
	ck_assert(!url_parse("redis://", &url, error, 8));
	ck_assert_str_eq(error, "expecte");
}

END_TEST

START_TEST(url_reset_leaves_storage_that_may_be_reset_again)
{
	accept_url("redis://app:" SECRET "@h");
	url_reset(&url);
	ck_assert_ptr_null(url.password);
	url_reset(&url);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("url_parts");
	TCase	   *tests = tcase_create("url_parts");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, reset);
	tcase_add_test(tests, url_set_host_replaces_the_host_alone);
	tcase_add_test(tests, url_set_host_replaces_a_socket);
	tcase_add_test(tests, url_set_host_takes_ipv6_with_and_without_brackets);
	tcase_add_test(tests, url_set_host_rejects_more_than_a_host);
	tcase_add_test(tests, url_set_port_replaces_the_port);
	tcase_add_test(tests, url_set_port_rejects_what_is_no_port);
	tcase_add_test(tests, url_set_port_rejects_a_port_for_a_socket);
	tcase_add_test(tests, url_set_database_replaces_the_database);
	tcase_add_test(tests, url_set_database_rejects_what_is_no_number);
	tcase_add_test(tests, url_describes_a_host_without_user_and_password);
	tcase_add_test(tests, url_describes_ipv6_in_brackets);
	tcase_add_test(tests, url_describes_a_socket_without_user_and_password);
	tcase_add_test(tests, url_cuts_a_message_to_the_buffer);
	tcase_add_test(tests, url_reset_leaves_storage_that_may_be_reset_again);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
