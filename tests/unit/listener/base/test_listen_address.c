/*-------------------------------------------------------------------------
 *
 * test_listen_address.c
 *	  Unit tests of listener/src/base/listen_address.c.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/listen_address.h"

static ListenAddress address;

static void
expect(const char *text, int family, const char *host, int port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *) &address.storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) &address.storage;
	char		shown[INET6_ADDRSTRLEN];

	ck_assert_msg(listen_address_parse(text, &address), "%s is refused", text);
	ck_assert_int_eq(address.storage.ss_family, family);
	ck_assert_ptr_nonnull(inet_ntop(family, family == AF_INET ? (const void *) &in->sin_addr :
									(const void *) &in6->sin6_addr, shown, sizeof(shown)));
	ck_assert_str_eq(shown, host);
	ck_assert_int_eq(ntohs(family == AF_INET ? in->sin_port : in6->sin6_port), port);
	ck_assert_uint_eq(address.bytes, family == AF_INET ? sizeof(*in) : sizeof(*in6));
}

START_TEST(listen_address_is_loopback_for_a_port_alone)
{
	expect("9180", AF_INET, "127.0.0.1", 9180);
	expect("localhost:1", AF_INET, "127.0.0.1", 1);
}

END_TEST

START_TEST(listen_address_can_be_any_that_is_written)
{
	expect("0.0.0.0:65535", AF_INET, "0.0.0.0", 65535);
	expect("10.1.2.3:80", AF_INET, "10.1.2.3", 80);
	expect("[::1]:9180", AF_INET6, "::1", 9180);
	expect("[2001:db8::1]:9180", AF_INET6, "2001:db8::1", 9180);
}

END_TEST

START_TEST(listen_address_refuses_what_is_none)
{
	static const char *const texts[] = {
		"", ":", "0", "65536", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x50", "a", "127.0.0.1", "127.0.0.1:",
		":9180", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.256:1", "127.1:1", "example.com:80", "*:80", "::1:80",
		"[::1]", "[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "[::1]:", "[fe80::1%eth0]:80", "unix:/x",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:80"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!listen_address_parse(texts[i], &address), "%s is accepted", texts[i]);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("listen_address");
	TCase	   *tests = tcase_create("listen_address");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, listen_address_is_loopback_for_a_port_alone);
	tcase_add_test(tests, listen_address_can_be_any_that_is_written);
	tcase_add_test(tests, listen_address_refuses_what_is_none);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
