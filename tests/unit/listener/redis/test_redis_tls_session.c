/*-------------------------------------------------------------------------
 *
 * test_redis_tls_session.c
 *	  Unit tests of listener/src/redis/redis_tls_session.c and redis_tls_problem.c: which
 *	  server is the right one, and what is said of another.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "redis/redis_error.h"
#include "redis/tls_peer.h"

static char asked_name[128];

static int
note_name(SSL *ssl, int *alert, void *context)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void) alert;
	(void) context;
	(void) snprintf(asked_name, sizeof(asked_name), "%s", name != NULL ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

static void
set_text(char **text, const char *value)
{
	free(*text);
	*text = value != NULL ? strdup(value) : NULL;
}

/* A connection to this host of a URL, to a server with this identity. */
static void
start(const char *host, const char *server_name, const TlsIdentity *identity)
{
	set_text(&url.host, host);
	set_text(&url.tls.server_name, server_name);
	tls_peer_open(identity, TLS1_3_VERSION);
	asked_name[0] = '\0';
	SSL_CTX_set_tlsext_servername_callback(peer_context, note_name);
}

static void
expect_accepted(const char *host, const char *server_name, const TlsIdentity *identity)
{
	start(host, server_name, identity);
	tls_peer_expect_connected();
	tls_peer_close();
}

/* And the whole text has this part, too. */
static void
expect_refused(const char *host, const TlsIdentity *identity, const char *beginning, const char *part)
{
	start(host, NULL, identity);
	tls_peer_expect_refusal(beginning);
	ck_assert_msg(strstr(redis_io_problem(&io), part) != NULL, "%s", redis_io_problem(&io));
	ck_assert_int_eq(redis_error_kind(REDIS_FAILURE_CONNECTION, redis_io_problem(&io))->reaction,
					 REDIS_REACTION_ALARM);
	tls_peer_close();
}

static TlsIdentity
sign(const char *name, const char *names)
{
	return tls_identity_make(name, names, &authority, tls_valid_now);
}

START_TEST(redis_tls_asks_for_the_host_by_its_name)
{
	expect_accepted("redis.test", NULL, &server_identity);
	ck_assert_str_eq(asked_name, "redis.test");
	expect_accepted("REDIS.test", NULL, &server_identity);
	expect_accepted("redis.test.", NULL, &server_identity);
	ck_assert_str_eq(asked_name, "redis.test");
}

END_TEST

START_TEST(redis_tls_looks_for_an_address_among_the_addresses)
{
	expect_accepted("127.0.0.1", NULL, &server_identity);
	ck_assert_str_eq(asked_name, "");
	expect_accepted("::1", NULL, &server_identity);
	expect_accepted("0:0:0:0:0:0:0:1%lo", NULL, &server_identity);
	ck_assert_str_eq(asked_name, "");
	expect_refused("127.0.0.2", &server_identity, REDIS_ERROR_TLS_HOST, "expected 127.0.0.2, it is for DNS:redis.test, IP Address:127.0.0.1");
}

END_TEST

/* "127.0.0.1" as a name is no address. */
START_TEST(redis_tls_does_not_take_a_name_for_an_address)
{
	TlsIdentity identity = sign("127.0.0.1", "DNS:127.0.0.1");

	expect_refused("127.0.0.1", &identity, REDIS_ERROR_TLS_HOST, "expected 127.0.0.1");
	tls_identity_free(&identity);
}

END_TEST

START_TEST(redis_tls_asks_for_the_server_name_instead)
{
	expect_accepted("tunnel.test", "redis.test", &server_identity);
	ck_assert_str_eq(asked_name, "redis.test");
	expect_accepted("tunnel.test", "127.0.0.1", &server_identity);
	ck_assert_str_eq(asked_name, "");
	start("redis.test", "other.test", &server_identity);
	tls_peer_expect_refusal(REDIS_ERROR_TLS_HOST);
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_refuses_another_host)
{
	TlsIdentity wildcard = sign("wildcard", "DNS:*.cache.test");
	TlsIdentity partial = sign("partial", "DNS:re*.cache.test");
	TlsIdentity zero = sign("zero", "DNS:redis.test.evil");
	TlsIdentity nameless = sign("redis.test", "");

	expect_refused("other.test", &server_identity, REDIS_ERROR_TLS_HOST,
				   ": expected other.test, it is for DNS:redis.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
	expect_refused("a.redis.test", &server_identity, REDIS_ERROR_TLS_HOST, "expected a.redis.test");
	expect_refused("redis.test", &zero, REDIS_ERROR_TLS_HOST, "DNS:redis.test.evil");
	expect_refused("redis.cache.test", &partial, REDIS_ERROR_TLS_HOST, "DNS:re*.cache.test");
	expect_refused("a.b.cache.test", &wildcard, REDIS_ERROR_TLS_HOST, "DNS:*.cache.test");
	expect_accepted("redis.cache.test", NULL, &wildcard);
	/* without other names its subject counts */
	expect_accepted("redis.test", NULL, &nameless);
	expect_refused("other.test", &nameless, REDIS_ERROR_TLS_HOST, "it is for CN = redis.test");
	tls_identity_free(&wildcard);
	tls_identity_free(&partial);
	tls_identity_free(&zero);
	tls_identity_free(&nameless);
}

END_TEST

START_TEST(redis_tls_refuses_what_is_not_valid_now)
{
	const TlsValidity past = {-2 * TLS_DAY_S, -60};
	const TlsValidity future = {60, 2 * TLS_DAY_S};
	TlsIdentity expired = tls_identity_make("expired", "DNS:redis.test", &authority, past);
	TlsIdentity early = tls_identity_make("early", "DNS:redis.test", &authority, future);

	expect_refused("redis.test", &expired, REDIS_ERROR_TLS_TIME, "subject CN = expired");
	expect_refused("redis.test", &early, REDIS_ERROR_TLS_TIME, "subject CN = early");
	url.tls.verify = URL_VERIFY_CA;
	expect_refused("redis.test", &expired, REDIS_ERROR_TLS_TIME, "valid until ");
	expect_refused("redis.test", &early, REDIS_ERROR_TLS_TIME, "valid from ");
	tls_identity_free(&expired);
	tls_identity_free(&early);
}

END_TEST

START_TEST(redis_tls_refuses_an_expired_ca)
{
	const TlsValidity past = {-2 * TLS_DAY_S, -60};
	TlsIdentity old = tls_identity_make("old CA", NULL, NULL, past);
	TlsIdentity identity = tls_identity_make("redis", "DNS:redis.test", &old, tls_valid_now);

	tls_identity_write(tls_ca_path, 0644, old.certificate, NULL, NULL);
	expect_refused("redis.test", &identity, REDIS_ERROR_TLS_TIME, "subject CN = old CA");
	tls_identity_free(&identity);
	tls_identity_free(&old);
}

END_TEST

START_TEST(redis_tls_refuses_an_unknown_ca)
{
	TlsIdentity other = tls_identity_make("other CA", NULL, NULL, tls_valid_now);
	TlsIdentity identity = tls_identity_make("redis", "DNS:redis.test", &other, tls_valid_now);
	TlsIdentity alone = tls_identity_make("alone", "DNS:redis.test", NULL, tls_valid_now);
	TlsIdentity alike = tls_identity_make("test CA", NULL, NULL, tls_valid_now);
	TlsIdentity forged = tls_identity_make("forged", "DNS:redis.test", &alike, tls_valid_now);

	expect_refused("redis.test", &identity, REDIS_ERROR_TLS_CA, "issuer CN = other CA, subject CN = redis");
	expect_refused("redis.test", &alone, REDIS_ERROR_TLS_CA, "subject CN = alone");
	expect_refused("redis.test", &forged, REDIS_ERROR_TLS_CERTIFICATE, "signature");
	tls_identity_free(&identity);
	tls_identity_free(&alone);
	tls_identity_free(&alike);
	tls_identity_free(&forged);
	tls_identity_free(&other);
}

END_TEST

START_TEST(redis_tls_trusts_whom_the_system_trusts)
{
	set_text(&url.tls.ca_file, NULL);
	expect_refused("redis.test", &server_identity, REDIS_ERROR_TLS_CA, "issuer CN = test CA");
	ck_assert_int_eq(setenv(X509_get_default_cert_file_env(), tls_ca_path, 1), 0);
	expect_accepted("redis.test", NULL, &server_identity);
	expect_refused("other.test", &server_identity, REDIS_ERROR_TLS_HOST, "DNS:redis.test");
}

END_TEST

/* A certificate that is no CA signs nothing, whoever has signed it. */
START_TEST(redis_tls_refuses_what_a_server_has_signed)
{
	TlsIdentity identity = tls_identity_make("forged", "DNS:redis.test", &server_identity, tls_valid_now);

	start("redis.test", NULL, &identity);
	ck_assert_int_eq(SSL_add1_chain_cert(peer, server_identity.certificate), 1);
	tls_peer_expect_refusal("the certificate of Redis is not ");
	tls_peer_close();
	tls_identity_free(&identity);
}

END_TEST

/* Whoever puts it into the file trusts it. */
START_TEST(redis_tls_accepts_what_the_file_has_itself)
{
	TlsIdentity alone = tls_identity_make("alone", "DNS:redis.test", NULL, tls_valid_now);

	tls_identity_write(tls_ca_path, 0644, alone.certificate, NULL, NULL);
	expect_accepted("redis.test", NULL, &alone);
	expect_refused("other.test", &alone, REDIS_ERROR_TLS_HOST, "DNS:redis.test");
	tls_identity_write(tls_ca_path, 0644, server_identity.certificate, NULL, NULL);
	expect_accepted("redis.test", NULL, &server_identity);
	tls_identity_free(&alone);
}

END_TEST

START_TEST(redis_tls_verifies_no_more_than_the_ca_if_that_is_asked_for)
{
	TlsIdentity alone = tls_identity_make("alone", "DNS:redis.test", NULL, tls_valid_now);

	url.tls.verify = URL_VERIFY_CA;
	expect_accepted("other.test", NULL, &server_identity);
	ck_assert_str_eq(asked_name, "other.test");
	expect_accepted("10.0.0.1", NULL, &server_identity);
	expect_refused("redis.test", &alone, REDIS_ERROR_TLS_CA, "subject CN = alone");
	tls_identity_free(&alone);
}

END_TEST

START_TEST(redis_tls_verifies_nothing_if_that_is_asked_for)
{
	const TlsValidity past = {-2 * TLS_DAY_S, -60};
	TlsIdentity alone = tls_identity_make("alone", "DNS:elsewhere.test", NULL, past);

	url.tls.verify = URL_VERIFY_NONE;
	expect_accepted("redis.test", NULL, &alone);
	ck_assert_str_eq(asked_name, "redis.test");
	set_text(&url.tls.ca_file, "/nonexistent");
	expect_accepted("redis.test", NULL, &alone);
	tls_identity_free(&alone);
}

END_TEST

/* What it makes of a server's names stays within the room that there is. */
START_TEST(redis_tls_cuts_a_long_list_of_names)
{
	static char names[20000];
	TlsIdentity identity;

	for (int i = 0; i < 500; i++)
		(void) snprintf(names + strlen(names), sizeof(names) - strlen(names), "%sDNS:host%d.elsewhere.test", i > 0 ? "," : "", i);
	identity = sign("many", names);
	expect_refused("redis.test", &identity, REDIS_ERROR_TLS_HOST, "DNS:host0.elsewhere.test");
	tls_identity_free(&identity);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_tls_session");
	TCase	   *tests = tcase_create("redis_tls_session");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, tls_peer_set_up, tls_peer_tear_down);
	tcase_add_test(tests, redis_tls_asks_for_the_host_by_its_name);
	tcase_add_test(tests, redis_tls_looks_for_an_address_among_the_addresses);
	tcase_add_test(tests, redis_tls_does_not_take_a_name_for_an_address);
	tcase_add_test(tests, redis_tls_asks_for_the_server_name_instead);
	tcase_add_test(tests, redis_tls_refuses_another_host);
	tcase_add_test(tests, redis_tls_refuses_what_is_not_valid_now);
	tcase_add_test(tests, redis_tls_refuses_an_expired_ca);
	tcase_add_test(tests, redis_tls_refuses_an_unknown_ca);
	tcase_add_test(tests, redis_tls_trusts_whom_the_system_trusts);
	tcase_add_test(tests, redis_tls_refuses_what_a_server_has_signed);
	tcase_add_test(tests, redis_tls_accepts_what_the_file_has_itself);
	tcase_add_test(tests, redis_tls_verifies_no_more_than_the_ca_if_that_is_asked_for);
	tcase_add_test(tests, redis_tls_verifies_nothing_if_that_is_asked_for);
	tcase_add_test(tests, redis_tls_cuts_a_long_list_of_names);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
