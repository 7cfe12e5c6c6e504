/*-------------------------------------------------------------------------
 *
 * test_url.c
 *	  Unit tests of listener/src/base/url.c: what is a URL, and what is not.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/url_fixture.h"

/* Refused with a message that contains "expected", and not the secret. */
static void
refuse_url(const char *text, const char *expected)
{
	url_reset(&url);
	ck_assert_msg(!url_parse(text, &url, error, sizeof(error)), "accepted: %s", text);
	ck_assert_msg(strstr(error, expected) != NULL, "%s: %s", text, error);
	ck_assert_ptr_null(strstr(error, SECRET));
	ck_assert_ptr_null(url.host);
	ck_assert_ptr_null(url.socket_path);
	ck_assert_ptr_null(url.username);
	ck_assert_ptr_null(url.password);
}

/* ---- TCP ---- */

START_TEST(url_fills_in_port_and_database)
{
	accept_url("redis://cache.example");
	ck_assert_str_eq(url.host, "cache.example");
	ck_assert_ptr_null(url.socket_path);
	ck_assert_int_eq(url.port, URL_DEFAULT_PORT);
	ck_assert_int_eq(url.database, 0);
	ck_assert_ptr_null(url.username);
	ck_assert_ptr_null(url.password);
}

END_TEST

START_TEST(url_reads_every_part)
{
	accept_url("redis://app:" SECRET "@10.0.0.1:7000/3");
	ck_assert_str_eq(url.host, "10.0.0.1");
	ck_assert_int_eq(url.port, 7000);
	ck_assert_int_eq(url.database, 3);
	ck_assert_str_eq(url.username, "app");
	ck_assert_str_eq(url.password, SECRET);
}

END_TEST

START_TEST(url_takes_a_scheme_in_capitals)
{
	accept_url("REDIS://h");
}

END_TEST

START_TEST(url_takes_a_path_that_is_only_a_slash_as_database_0)
{
	accept_url("redis://h/");
	ck_assert_int_eq(url.database, 0);
}

END_TEST

START_TEST(url_takes_a_password_without_a_user)
{
	accept_url("redis://:" SECRET "@h");
	ck_assert_ptr_null(url.username);
	ck_assert_str_eq(url.password, SECRET);
}

END_TEST

START_TEST(url_takes_a_user_without_a_password)
{
	accept_url("redis://app@h");
	ck_assert_str_eq(url.username, "app");
	ck_assert_ptr_null(url.password);
}

END_TEST

START_TEST(url_takes_an_empty_user_and_password_as_none)
{
	accept_url("redis://:@h");
	ck_assert_ptr_null(url.username);
	ck_assert_ptr_null(url.password);
}

END_TEST

START_TEST(url_decodes_user_and_password)
{
	accept_url("redis://a%3ab:%2F%40%25%23%3f@h");
	ck_assert_str_eq(url.username, "a:b");
	ck_assert_str_eq(url.password, "/@%#?");
}

END_TEST

START_TEST(url_takes_raw_at_signs_and_colons_in_a_password)
{
	accept_url("redis://app:p@s:s@h:1");
	ck_assert_str_eq(url.password, "p@s:s");
	ck_assert_str_eq(url.host, "h");
}

END_TEST

START_TEST(url_takes_ipv6_in_brackets)
{
	accept_url("redis://[2001:db8::1]:7000/1");
	ck_assert_str_eq(url.host, "2001:db8::1");
	ck_assert_int_eq(url.port, 7000);
}

END_TEST

START_TEST(url_takes_an_ipv6_zone)
{
	accept_url("redis://[fe80::1%eth0]");
	ck_assert_str_eq(url.host, "fe80::1%eth0");
}

END_TEST

START_TEST(url_rejects_a_zone_that_could_end_the_host)
{
	static const char *const hosts[] = {"fe80::1%a?b", "fe80::1%a/b", "fe80::1%a#b", "fe80::1%a@b",
	"fe80::1%a]b", "fe80::1%a b"};

	accept_url("redis://h:7000/1");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(!url_set_host(&url, hosts[i], error, sizeof(error)), "%s", hosts[i]);
	ck_assert_str_eq(url.host, "h");
}

END_TEST

START_TEST(url_takes_the_highest_port_and_database)
{
	accept_url("redis://h:65535/2147483647");
	ck_assert_int_eq(url.port, 65535);
	ck_assert_int_eq(url.database, 2147483647);
}

END_TEST

START_TEST(url_with_rediss_asks_for_tls)
{
	char		text[64];

	accept_url("rediss://u:p@h/3");
	ck_assert(url.tls.is_used);
	ck_assert_int_eq(url.tls.verify, URL_VERIFY_FULL);
	ck_assert_str_eq(url.host, "h");
	ck_assert_int_eq(url.port, URL_DEFAULT_PORT);
	url_describe(&url, text, sizeof(text));
	ck_assert_str_eq(text, "h:6379/3 tls");
	url_reset(&url);
	accept_url("REDISS://[::1]:7000");
	ck_assert(url.tls.is_used);
	url_reset(&url);
	accept_url("redis://h");
	ck_assert(!url.tls.is_used);
	refuse_url("rediss://:" SECRET "@h:x", "expected a port");
}

END_TEST

START_TEST(url_rejects_other_schemes)
{
	refuse_url("http://" SECRET, "redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://");
	refuse_url("redis:/" SECRET, "redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://");
	refuse_url(SECRET, "redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://");
	refuse_url("", "redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://");
}

END_TEST

START_TEST(url_rejects_an_empty_host)
{
	refuse_url("redis://", "host");
	refuse_url("redis:///3", "host");
	refuse_url("redis://:" SECRET "@:6379", "host");
	refuse_url("redis://:7000", "host");
}

END_TEST

START_TEST(url_rejects_characters_that_no_host_has)
{
	refuse_url("redis://a b", "host");
	refuse_url("redis://a\nb", "host");
	refuse_url("redis://a%20b", "host");
	refuse_url("redis://h\xc3\xbc", "host");
	refuse_url("redis://a]b", "host");
}

END_TEST

START_TEST(url_rejects_a_host_over_255_bytes)
{
	char		text[300] = "redis://";

	memset(text + 8, 'a', 256);
	text[8 + 256] = '\0';
	refuse_url(text, "host");
	text[8 + 255] = '\0';
	accept_url(text);
}

END_TEST

START_TEST(url_rejects_ipv6_without_brackets)
{
	refuse_url("redis://2001:db8::1", "brackets");
}

END_TEST

START_TEST(url_rejects_what_is_no_ipv6_in_brackets)
{
	refuse_url("redis://[::1", "IPv6");
	refuse_url("redis://[]", "IPv6");
	refuse_url("redis://[localhost]", "IPv6");
	refuse_url("redis://[::g]", "IPv6");
	refuse_url("redis://[::1%a b]", "IPv6");
	refuse_url("redis://[%::1]", "IPv6");
}

END_TEST

START_TEST(url_rejects_a_port_over_65535)
{
	refuse_url("redis://h:65536", "port");
	refuse_url("redis://h:99999999999999999999999", "port");
}

END_TEST

START_TEST(url_rejects_a_port_that_is_no_number)
{
	refuse_url("redis://h:", "port");
	refuse_url("redis://h:0", "port");
	refuse_url("redis://h:-1", "port");
	refuse_url("redis://h:+1", "port");
	refuse_url("redis://h: 1", "port");
	refuse_url("redis://h:1a", "port");
	refuse_url("redis://[::1]7000", "port");
}

END_TEST

START_TEST(url_rejects_a_database_that_is_no_number)
{
	refuse_url("redis://h/a", "database");
	refuse_url("redis://h/-1", "database");
	refuse_url("redis://h/1/", "database");
	refuse_url("redis://h//1", "database");
	refuse_url("redis://h/2147483648", "database");
}

END_TEST

START_TEST(url_rejects_a_query_for_tcp)
{
	refuse_url("redis://h?db=3", "path");
	refuse_url("redis://h/0?password=" SECRET, "path");
}

END_TEST

START_TEST(url_rejects_a_fragment)
{
	refuse_url("redis://h/0#" SECRET, "%23");
	refuse_url("redis://:abc#" SECRET "@h", "%23");
}

END_TEST

START_TEST(url_says_how_to_write_a_slash_in_a_password)
{
	refuse_url("redis://:abc/" SECRET "@h", "%2F");
	refuse_url("redis://:abc?" SECRET "@h", "%3F");
}

END_TEST

START_TEST(url_rejects_broken_percent_escapes)
{
	refuse_url("redis://:" SECRET "%@h", "%25");
	refuse_url("redis://:" SECRET "%4@h", "%25");
	refuse_url("redis://:" SECRET "%4g@h", "%25");
	refuse_url("redis://:" SECRET "%g4@h", "%25");
	refuse_url("redis://" SECRET "%:x@h", "%25");
	refuse_url("unix:///a%", "%25");
}

END_TEST

START_TEST(url_rejects_an_escaped_zero_byte)
{
	refuse_url("redis://:" SECRET "%00@h", "not 00");
}

END_TEST

/* ---- unix sockets ---- */

START_TEST(url_reads_a_socket_path)
{
	accept_url("unix:///run/redis/redis.sock");
	ck_assert_ptr_null(url.host);
	ck_assert_str_eq(url.socket_path, "/run/redis/redis.sock");
	ck_assert_int_eq(url.port, 0);
	ck_assert_int_eq(url.database, 0);
}

END_TEST

START_TEST(url_reads_every_part_of_a_socket)
{
	accept_url("unix://app:" SECRET "@/a%20b?db=7");
	ck_assert_str_eq(url.socket_path, "/a b");
	ck_assert_int_eq(url.database, 7);
	ck_assert_str_eq(url.username, "app");
	ck_assert_str_eq(url.password, SECRET);
}

END_TEST

START_TEST(url_rejects_a_socket_path_that_is_not_absolute)
{
	refuse_url("unix://run/redis.sock", "absolute");
	refuse_url("unix://", "absolute");
	refuse_url("unix:///", "absolute");
}

END_TEST

START_TEST(url_rejects_a_socket_path_over_107_bytes)
{
	char		text[200] = "unix:///";

	memset(text + 8, 'a', 107);
	text[8 + 107] = '\0';
	refuse_url(text, "107");
	text[8 + 106] = '\0';
	accept_url(text);
}

END_TEST

START_TEST(url_rejects_other_queries_of_a_socket)
{
	refuse_url("unix:///a?", "db=");
	refuse_url("unix:///a?db=", "db=");
	refuse_url("unix:///a?db=1&x=2", "db=");
	refuse_url("unix:///a?password=" SECRET, "db=");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("url");
	TCase	   *tests = tcase_create("url");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, reset);
	tcase_add_test(tests, url_fills_in_port_and_database);
	tcase_add_test(tests, url_reads_every_part);
	tcase_add_test(tests, url_takes_a_scheme_in_capitals);
	tcase_add_test(tests, url_takes_a_path_that_is_only_a_slash_as_database_0);
	tcase_add_test(tests, url_takes_a_password_without_a_user);
	tcase_add_test(tests, url_takes_a_user_without_a_password);
	tcase_add_test(tests, url_takes_an_empty_user_and_password_as_none);
	tcase_add_test(tests, url_decodes_user_and_password);
	tcase_add_test(tests, url_takes_raw_at_signs_and_colons_in_a_password);
	tcase_add_test(tests, url_takes_ipv6_in_brackets);
	tcase_add_test(tests, url_takes_an_ipv6_zone);
	tcase_add_test(tests, url_rejects_a_zone_that_could_end_the_host);
	tcase_add_test(tests, url_takes_the_highest_port_and_database);
	tcase_add_test(tests, url_with_rediss_asks_for_tls);
	tcase_add_test(tests, url_rejects_other_schemes);
	tcase_add_test(tests, url_rejects_an_empty_host);
	tcase_add_test(tests, url_rejects_characters_that_no_host_has);
	tcase_add_test(tests, url_rejects_a_host_over_255_bytes);
	tcase_add_test(tests, url_rejects_ipv6_without_brackets);
	tcase_add_test(tests, url_rejects_what_is_no_ipv6_in_brackets);
	tcase_add_test(tests, url_rejects_a_port_over_65535);
	tcase_add_test(tests, url_rejects_a_port_that_is_no_number);
	tcase_add_test(tests, url_rejects_a_database_that_is_no_number);
	tcase_add_test(tests, url_rejects_a_query_for_tcp);
	tcase_add_test(tests, url_rejects_a_fragment);
	tcase_add_test(tests, url_says_how_to_write_a_slash_in_a_password);
	tcase_add_test(tests, url_rejects_broken_percent_escapes);
	tcase_add_test(tests, url_rejects_an_escaped_zero_byte);
	tcase_add_test(tests, url_reads_a_socket_path);
	tcase_add_test(tests, url_reads_every_part_of_a_socket);
	tcase_add_test(tests, url_rejects_a_socket_path_that_is_not_absolute);
	tcase_add_test(tests, url_rejects_a_socket_path_over_107_bytes);
	tcase_add_test(tests, url_rejects_other_queries_of_a_socket);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
