/*-------------------------------------------------------------------------
 *
 * test_url_cluster.c
 *	  Unit tests of listener/src/base/url_cluster.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/url_fixture.h"

static void
expect_node(size_t index, const char *host, int port)
{
	ck_assert_uint_lt(index, url.node_count);
	ck_assert_str_eq(url.nodes[index].host, host);
	ck_assert_int_eq(url.nodes[index].port, port);
}

static void
refuse_url(const char *text, const char *expected)
{
	url_reset(&url);
	ck_assert_msg(!url_parse(text, &url, error, sizeof(error)), "accepted: %s", text);
	ck_assert_msg(strstr(error, expected) != NULL, "%s: %s", text, error);
	ck_assert_ptr_null(strstr(error, SECRET));
	ck_assert_ptr_null(url.nodes);
	ck_assert_ptr_null(url.password);
}

START_TEST(url_names_the_nodes_of_a_cluster)
{
	accept_url("redis+cluster://a:7000,b,[::1]:7002,[::2]");
	ck_assert(url.is_of_cluster);
	ck_assert(!url.tls.is_used);
	ck_assert_uint_eq(url.node_count, 4);
	expect_node(0, "a", 7000);
	expect_node(1, "b", URL_DEFAULT_PORT);
	expect_node(2, "::1", 7002);
	expect_node(3, "::2", URL_DEFAULT_PORT);
	ck_assert_ptr_null(url.host);
	ck_assert_ptr_null(url.username);
	ck_assert_ptr_null(url.password);
}

END_TEST

START_TEST(url_of_a_cluster_has_user_password_and_tls)
{
	accept_url("REDISS+cluster://user:" SECRET "@a,b/0");
	ck_assert(url.tls.is_used);
	ck_assert_str_eq(url.username, "user");
	ck_assert_str_eq(url.password, SECRET);
	expect_node(1, "b", URL_DEFAULT_PORT);
	accept_url("redis+cluster://:" SECRET "@a/");
	ck_assert_str_eq(url.password, SECRET);
}

END_TEST

START_TEST(url_of_a_cluster_refuses_what_is_guesswork)
{
	refuse_url("redis+cluster://", "host");
	refuse_url("redis+cluster://:" SECRET "@", "host");
	refuse_url("redis+cluster://a,,b", "host");
	refuse_url("redis+cluster://a,", "host");
	refuse_url("redis+cluster://a:0", "port");
	refuse_url("redis+cluster://a,b:65536", "port");
	refuse_url("redis+cluster://a/1", "database 0");
	refuse_url("redis+cluster://a/mymaster", "database 0");
	refuse_url("redis+cluster://a?db=0", "database 0");
	refuse_url("redis+cluster://:" SECRET "/x@a", "%2F");
}

END_TEST

START_TEST(url_of_a_cluster_is_described_without_its_password)
{
	char		text[256];

	accept_url("rediss+cluster://user:" SECRET "@a:7000,[::1]:7001");
	url_describe(&url, text, sizeof(text));
	ck_assert_str_eq(text, "a:7000,[::1]:7001 cluster tls");
}

END_TEST

START_TEST(url_of_a_cluster_takes_no_host_nor_port_nor_database)
{
	accept_url("redis+cluster://a");
	ck_assert(!url_set_host(&url, "b", error, sizeof(error)));
	ck_assert_str_eq(error, "expected no host next to the nodes of the URL");
	ck_assert(!url_set_port(&url, "1", error, sizeof(error)));
	ck_assert_str_eq(error, "expected no port next to the nodes of the URL");
	ck_assert(!url_set_database(&url, "1", error, sizeof(error)));
	ck_assert_str_eq(error, "expected database 0, the only one that a cluster has");
	ck_assert(url_set_database(&url, "0", error, sizeof(error)));
}

END_TEST

START_TEST(url_of_a_node_has_all_but_the_others)
{
	RedisUrl	node;

	accept_url("rediss+cluster://user:" SECRET "@a,b");
	url.tls.ca_file = strdup("/ca");
	url.tls.verify = URL_VERIFY_CA;
	ck_assert(url_cluster_node(&url, "c", 7, &node));
	ck_assert_str_eq(node.host, "c");
	ck_assert_int_eq(node.port, 7);
	ck_assert_str_eq(node.username, "user");
	ck_assert_str_eq(node.password, SECRET);
	ck_assert_str_eq(node.tls.ca_file, "/ca");
	ck_assert_int_eq(node.tls.verify, URL_VERIFY_CA);
	ck_assert(node.tls.is_used);
	ck_assert(node.is_of_cluster);
	ck_assert_uint_eq(node.node_count, 0);
	url_reset(&node);
}

END_TEST

START_TEST(url_of_a_cluster_equals_one_with_the_same_nodes)
{
	static const char *const others[] = {
		"redis+cluster://a", "redis+cluster://b,a", "redis+cluster://a,b:1", "rediss+cluster://a,b", "redis://a",
	};
	RedisUrl	other;

	accept_url("redis+cluster://a,b");
	ck_assert(url_parse("redis+cluster://a:6379,b", &other, error, sizeof(error)));
	ck_assert(url_equals(&url, &other));
	url_reset(&other);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		ck_assert(url_parse(others[i], &other, error, sizeof(error)));
		ck_assert_msg(!url_equals(&url, &other), "%s", others[i]);
		url_reset(&other);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("url_cluster");
	TCase	   *tests = tcase_create("url_cluster");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, reset);
	tcase_add_test(tests, url_names_the_nodes_of_a_cluster);
	tcase_add_test(tests, url_of_a_cluster_has_user_password_and_tls);
	tcase_add_test(tests, url_of_a_cluster_refuses_what_is_guesswork);
	tcase_add_test(tests, url_of_a_cluster_is_described_without_its_password);
	tcase_add_test(tests, url_of_a_cluster_takes_no_host_nor_port_nor_database);
	tcase_add_test(tests, url_of_a_node_has_all_but_the_others);
	tcase_add_test(tests, url_of_a_cluster_equals_one_with_the_same_nodes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
