/*-------------------------------------------------------------------------
 *
 * test_config_tls.c
 *	  Unit tests of listener/src/config/config_target.c: what a target says of TLS.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

START_TEST(config_verifies_everything_by_default)
{
	const UrlTls *tls;

	with_variable("REDIS_URL=rediss://h");
	accept_config();
	tls = &config->targets[0].url.tls;
	ck_assert(tls->is_used);
	ck_assert_int_eq(tls->verify, URL_VERIFY_FULL);
	ck_assert_ptr_null(tls->ca_file);
	ck_assert_ptr_null(tls->cert_file);
	ck_assert_ptr_null(tls->key_file);
	ck_assert_ptr_null(tls->server_name);
	assert_targets("target default: redis h:6379/0 tls prefix \"\"\n");
}

END_TEST

START_TEST(config_shows_what_is_set_of_tls)
{
	with_file("[target default]\nurl = rediss://h\ntls_ca_file = ca.pem\ntls_cert_file = c.pem\n"
			  "tls_key_file = k.pem\ntls_server_name = [::1]\ntls_verify = ca\n");
	accept_config();
	assert_targets("target default: redis h:6379/0 tls tls_ca_file \"ca.pem\" tls_cert_file \"c.pem\""
				   " tls_key_file \"k.pem\" tls_server_name \"::1\" tls_verify ca prefix \"\"\n");
}

END_TEST

START_TEST(config_shows_a_certificate_that_has_its_key)
{
	with_file("[target default]\nurl = rediss://h\ntls_cert_file = c.pem\n");
	accept_config();
	assert_targets("target default: redis h:6379/0 tls tls_cert_file \"c.pem\" prefix \"\"\n");
}

END_TEST

/* Who wants a CA to be looked at does not want to go without TLS. */
START_TEST(config_refuses_what_is_set_of_tls_beside_a_url_without)
{
	static const char *const urls[] = {"", "url = redis://:" SECRET "@h\n", "url = unix:///run/redis\n"};
	static const char *const lines[] = {
		"tls_ca_file = x", "tls_cert_file = x", "tls_cert_file = x\ntls_key_file = x",
		"tls_server_name = x", "tls_verify = full"
	};
	char		text[256];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		for (size_t j = 0; j < sizeof(lines) / sizeof(lines[0]); j++)
		{
			snprintf(text, sizeof(text), "[target default]\n%s%s\n", urls[i], lines[j]);
			refuse_file(text, "expected a url that begins with rediss:// next to tls_");
		}
}

END_TEST

START_TEST(config_refuses_a_server_name_that_is_none)
{
	refuse_file("[target default]\nurl = rediss://h\ntls_server_name = " SECRET "@x:1\n",
				"expected a host name or address alone for tls_server_name");
}

END_TEST

START_TEST(config_refuses_a_way_to_verify_that_there_is_not)
{
	refuse_file("[target default]\nurl = rediss://h\ntls_verify = " SECRET "\n",
				"expected tls_verify full, ca or none");
}

END_TEST

START_TEST(config_keeps_tls_where_another_place_names_the_host)
{
	with_file("[target default]\nurl = rediss://h\ntls_ca_file = ca.pem\n");
	with_variable("REDIS_HOST=other");
	with_variable("REDIS_TLS_VERIFY=none");
	accept_config();
	assert_targets("target default: redis other:6379/0 tls tls_ca_file \"ca.pem\" tls_verify none prefix \"\"\n");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_verifies_everything_by_default);
	tcase_add_test(tests, config_shows_what_is_set_of_tls);
	tcase_add_test(tests, config_shows_a_certificate_that_has_its_key);
	tcase_add_test(tests, config_refuses_what_is_set_of_tls_beside_a_url_without);
	tcase_add_test(tests, config_refuses_a_server_name_that_is_none);
	tcase_add_test(tests, config_refuses_a_way_to_verify_that_there_is_not);
	tcase_add_test(tests, config_keeps_tls_where_another_place_names_the_host);
}

int
main(void)
{
	return run_config_tests("config_tls", add_tests);
}
