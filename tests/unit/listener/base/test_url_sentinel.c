/*-------------------------------------------------------------------------
 *
 * test_url_sentinel.c
 *	  Unit tests of listener/src/base/url_sentinel.c: URLs of sentinels.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/url_fixture.h"

static void
expect_host(size_t index, const char *host, int port)
{
	ck_assert_uint_lt(index, url.sentinels.count);
	ck_assert_str_eq(url.sentinels.hosts[index].host, host);
	ck_assert_int_eq(url.sentinels.hosts[index].port, port);
}

static void
expect_description(const char *text, const char *expected)
{
	char		description[256];

	accept_url(text);
	url_describe(&url, description, sizeof(description));
	ck_assert_str_eq(description, expected);
}

START_TEST(url_of_sentinels_has_them_in_their_order)
{
	accept_url("redis+sentinel://s1,10.0.0.2:7000,[::1],[fe80::1%eth0]:1/mymaster");
	ck_assert_uint_eq(url.sentinels.count, 4);
	expect_host(0, "s1", URL_SENTINEL_PORT);
	expect_host(1, "10.0.0.2", 7000);
	expect_host(2, "::1", URL_SENTINEL_PORT);
	expect_host(3, "fe80::1%eth0", 1);
	ck_assert_str_eq(url.sentinels.master, "mymaster");
	ck_assert_int_eq(url.database, 0);
	ck_assert(!url.tls.is_used);
	ck_assert_ptr_null(url.host);
	ck_assert_ptr_null(url.socket_path);
}

END_TEST

START_TEST(url_of_sentinels_has_user_password_and_database_of_the_server)
{
	accept_url("REDISS+SENTINEL://a%40b:p%2F" SECRET "@s1:1,s2/my.master-1/15");
	ck_assert_str_eq(url.username, "a@b");
	ck_assert_str_eq(url.password, "p/" SECRET);
	ck_assert_str_eq(url.sentinels.master, "my.master-1");
	ck_assert_int_eq(url.database, 15);
	ck_assert(url.tls.is_used);
	ck_assert_ptr_null(url.sentinels.username);
	accept_url("redis+sentinel://:a@b@s1/m");
	ck_assert_str_eq(url.password, "a@b");
	ck_assert_uint_eq(url.sentinels.count, 1);
}

END_TEST

START_TEST(url_of_sentinels_is_described_without_its_password)
{
	expect_description("redis+sentinel://u:" SECRET "@s1,[::1]:7/m/2", "s1:26379,[::1]:7/m/2");
	expect_description("rediss+sentinel://s1/m%2Bn", "s1:26379/m+n/0 tls");
}

END_TEST

static const struct
{
	const char *text;
	const char *expected;
}			refused[] = {
	{"redis+sentinel://", "host name"},
	{"redis+sentinel:///m", "host name"},
	{"redis+sentinel://s1", "expected the master's name"},
	{"redis+sentinel://s1/", "expected the master's name"},
	{"redis+sentinel://s1//3", "expected the master's name"},
	{"redis+sentinel://s1/a:b", "expected the master's name"},
	{"redis+sentinel://s1/a%20b", "expected the master's name"},
	{"redis+sentinel://s1/a%2Fb", "expected the master's name"},
	{"redis+sentinel://s1/a%22b", "expected the master's name"},
	{"redis+sentinel://s1/a%0Ab", "expected the master's name"},
	{"redis+sentinel://s1/a%C3%A4", "expected the master's name"},
	{"redis+sentinel://s1/a%0", "two hexadecimal digits"},
	{"redis+sentinel://s1/m/x", "database number"},
	{"redis+sentinel://s1/m/1/2", "database number"},
	{"redis+sentinel://s1/m?db=1", "expected no \"?\""},
	{"redis+sentinel://s1?db=1", "expected no \"?\""},
	{"redis+sentinel://s1/m#x", "%23"},
	{"redis+sentinel://u:" SECRET "/x@s1/m", "%2F"},
	{"redis+sentinel://s1,/m", "host name"},
	{"redis+sentinel://,s1/m", "host name"},
	{"redis+sentinel://s1,,s2/m", "host name"},
	{"redis+sentinel://s1, s2/m", "host name"},
	{"redis+sentinel://s1:/m", "port"},
	{"redis+sentinel://s1:0/m", "port"},
	{"redis+sentinel://s1:65536/m", "port"},
	{"redis+sentinel://s1:x,s2/m", "port"},
	{"redis+sentinel://::1/m", "IPv6 in brackets"},
	{"redis+sentinel://[s1]/m", "IPv6"},
	{"redis+sentinel:/s1/m", "begins with"},
	{"unix+sentinel:///s1/m", "begins with"},
};

START_TEST(url_of_sentinels_is_refused_for_what_would_be_guesswork)
{
	url_reset(&url);
	ck_assert_msg(!url_parse(refused[_i].text, &url, error, sizeof(error)), "%s", refused[_i].text);
	ck_assert_msg(strstr(error, refused[_i].expected) != NULL, "%s: %s", refused[_i].text, error);
	ck_assert_ptr_null(strstr(error, SECRET));
	ck_assert_ptr_null(url.sentinels.hosts);
	ck_assert_ptr_null(url.sentinels.master);
}

END_TEST

START_TEST(url_of_sentinels_takes_no_other_host_or_port_but_a_database)
{
	accept_url("redis+sentinel://s1/m");
	ck_assert(!url_set_host(&url, "h", error, sizeof(error)));
	ck_assert_str_eq(error, "expected no host next to the sentinels of the URL");
	ck_assert(!url_set_port(&url, "1", error, sizeof(error)));
	ck_assert_str_eq(error, "expected no port next to the sentinels of the URL");
	ck_assert(url_set_database(&url, "4", error, sizeof(error)));
	expect_host(0, "s1", URL_SENTINEL_PORT);
	ck_assert_int_eq(url.database, 4);
}

END_TEST

START_TEST(url_of_sentinels_is_the_same_only_with_the_same_sentinels)
{
	static const char *const urls[] = {
		"redis+sentinel://s1,s2/m", "redis+sentinel://s2,s1/m", "redis+sentinel://s1/m",
		"redis+sentinel://s1:1,s2/m", "redis+sentinel://s1,s2/n", "redis+sentinel://s1,s2/m/1",
		"rediss+sentinel://s1,s2/m", "redis://s1",
	};
	RedisUrl	other;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		for (size_t j = 0; j < sizeof(urls) / sizeof(urls[0]); j++)
		{
			accept_url(urls[i]);
			ck_assert(url_parse(urls[j], &other, error, sizeof(error)));
			ck_assert_msg(url_equals(&url, &other) == (i == j), "%s and %s", urls[i], urls[j]);
			url_reset(&other);
		}
}

END_TEST

START_TEST(url_of_sentinels_differs_by_who_asks_them)
{
	RedisUrl	other;

	accept_url("redis+sentinel://s1/m");
	ck_assert(url_parse("redis+sentinel://s1/m", &other, error, sizeof(error)));
	other.sentinels.username = strdup("u");
	ck_assert(!url_equals(&url, &other));
	url.sentinels.username = strdup("u");
	ck_assert(url_equals(&url, &other));
	other.sentinels.password_file = strdup("f");
	ck_assert(!url_equals(&url, &other));
	url_reset(&other);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("url_sentinel");
	TCase	   *tests = tcase_create("url_sentinel");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, reset);
	tcase_add_test(tests, url_of_sentinels_has_them_in_their_order);
	tcase_add_test(tests, url_of_sentinels_has_user_password_and_database_of_the_server);
	tcase_add_test(tests, url_of_sentinels_is_described_without_its_password);
	tcase_add_loop_test(tests, url_of_sentinels_is_refused_for_what_would_be_guesswork, 0,
						sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tests, url_of_sentinels_takes_no_other_host_or_port_but_a_database);
	tcase_add_test(tests, url_of_sentinels_is_the_same_only_with_the_same_sentinels);
	tcase_add_test(tests, url_of_sentinels_differs_by_who_asks_them);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
