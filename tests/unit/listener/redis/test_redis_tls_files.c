/*-------------------------------------------------------------------------
 *
 * test_redis_tls_files.c
 *	  Unit tests of listener/src/redis/redis_tls_files.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "redis/redis_error.h"
#include "redis/redis_tls_files.h"
#include "redis/tls_identity.h"

#define OUR_MODE 0600

static char directory[32];
static char path[64];
static char key_path[64];
static UrlTls tls;
static TlsIdentity authority;
static TlsIdentity client;
static SSL_CTX *context;
static char problem[256];

static void
set_up(void)
{
	(void) snprintf(directory, sizeof(directory), "/tmp/uncache-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void) snprintf(path, sizeof(path), "%s/certificate.pem", directory);
	(void) snprintf(key_path, sizeof(key_path), "%s/key.pem", directory);
	authority = tls_identity_make("test CA", NULL, NULL, tls_valid_now);
	client = tls_identity_make("client", "", &authority, tls_valid_now);
	context = NULL;
	memset(&tls, 0, sizeof(tls));
}

static void
tear_down(void)
{
	SSL_CTX_free(context);
	(void) rmdir(path);
	(void) unlink(path);
	(void) unlink(key_path);
	(void) rmdir(directory);
	tls_identity_free(&authority);
	tls_identity_free(&client);
}

static bool
load(void)
{
	SSL_CTX_free(context);
	context = SSL_CTX_new(TLS_client_method());
	problem[0] = '\0';
	return redis_tls_files_load(&tls, context, problem, sizeof(problem));
}

static void
accept_files(void)
{
	ck_assert_msg(load(), "%s", problem);
}

/* Of the file at this path; each is a reason to alarm an operator. */
static void
refuse_files(const char *expected, const char *bad_path)
{
	char		text[256];

	ck_assert(!load());
	(void) snprintf(text, sizeof(text), "%s: %s", expected, bad_path);
	ck_assert_str_eq(problem, text);
	ck_assert_int_eq(redis_error_kind(REDIS_FAILURE_CONNECTION, problem)->reaction, REDIS_REACTION_ALARM);
	ck_assert_str_eq(redis_error_kind(REDIS_FAILURE_CONNECTION, problem)->advice,
					 "correct the file; it is read again at each try");
}

static void
write_text(const char *file_path, int mode, const char *text)
{
	FILE	   *file = tls_identity_create(file_path, mode);

	(void) fputs(text, file);
	(void) fclose(file);
}

static int
count_authorities(void)
{
	return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
}

START_TEST(redis_tls_needs_no_files)
{
	accept_files();
	ck_assert_ptr_null(SSL_CTX_get0_certificate(context));
}

END_TEST

START_TEST(redis_tls_trusts_all_cas_of_the_file)
{
	FILE	   *file = tls_identity_create(path, OUR_MODE);

	(void) fputs("Subject: what stands between them is no certificate\n", file);
	ck_assert_int_eq(PEM_write_X509(file, authority.certificate), 1);
	(void) fputs("# another one, and the same again\n", file);
	ck_assert_int_eq(PEM_write_X509(file, client.certificate), 1);
	ck_assert_int_eq(PEM_write_X509(file, authority.certificate), 1);
	(void) fclose(file);
	tls.ca_file = path;
	accept_files();
	ck_assert_int_eq(count_authorities(), 2);
}

END_TEST

START_TEST(redis_tls_refuses_a_ca_file_without_certificates)
{
	tls.ca_file = path;
	refuse_files("tls_ca_file: expected a readable file: No such file or directory", path);
	write_text(path, OUR_MODE, "");
	refuse_files("tls_ca_file: expected certificates in PEM form", path);
	write_text(path, OUR_MODE, "no certificate\n");
	refuse_files("tls_ca_file: expected certificates in PEM form", path);
	tls_identity_write(path, OUR_MODE, NULL, client.key, NULL);
	refuse_files("tls_ca_file: expected certificates in PEM form", path);
}

END_TEST

/* As while somebody writes it in place. */
START_TEST(redis_tls_refuses_a_ca_file_that_is_cut)
{
	static char whole[65536];
	FILE	   *file;
	size_t		whole_bytes;
	size_t		one_bytes;

	tls_identity_write(path, OUR_MODE, authority.certificate, NULL, NULL);
	file = fopen(path, "r");
	one_bytes = fread(whole, 1, sizeof(whole) / 2, file);
	(void) fclose(file);
	memcpy(whole + one_bytes, whole, one_bytes);
	whole_bytes = 2 * one_bytes;
	tls.ca_file = path;
	for (size_t cut = one_bytes + 40; cut < whole_bytes - 1; cut += 7)
	{
		file = tls_identity_create(path, OUR_MODE);
		ck_assert_uint_eq(fwrite(whole, 1, cut, file), cut);
		(void) fclose(file);
		refuse_files("tls_ca_file: expected certificates in PEM form", path);
	}
}

END_TEST

START_TEST(redis_tls_reads_only_regular_files)
{
	tls.ca_file = path;
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refuse_files("tls_ca_file: expected a regular file", path);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, OUR_MODE), 0);
	refuse_files("tls_ca_file: expected a regular file", path);
	tls.ca_file = NULL;
	tls.cert_file = path;
	refuse_files("tls_cert_file: expected a regular file", path);
	(void) unlink(path);
	write_text(path, OUR_MODE, "");
	ck_assert_int_eq(truncate(path, 9 * 1024 * 1024), 0);
	refuse_files("tls_cert_file: expected a file of at most 8 MB", path);
}

END_TEST

START_TEST(redis_tls_presents_a_certificate_and_those_behind_it)
{
	FILE	   *file = tls_identity_create(path, 0644);

	STACK_OF(X509) * chain;

	ck_assert_int_eq(PEM_write_X509(file, client.certificate), 1);
	ck_assert_int_eq(PEM_write_X509(file, authority.certificate), 1);
	(void) fclose(file);
	tls_identity_write(key_path, 0640, NULL, client.key, NULL);
	tls.cert_file = path;
	tls.key_file = key_path;
	accept_files();
	ck_assert_int_eq(X509_cmp(SSL_CTX_get0_certificate(context), client.certificate), 0);
	ck_assert_int_eq(SSL_CTX_get0_chain_certs(context, &chain), 1);
	ck_assert_int_eq(sk_X509_num(chain), 1);
}

END_TEST

START_TEST(redis_tls_takes_the_key_from_the_certificates_file)
{
	tls_identity_write(path, OUR_MODE, client.certificate, client.key, NULL);
	tls.cert_file = path;
	accept_files();
	tls_identity_write(path, 0644, client.certificate, client.key, NULL);
	refuse_files("tls_cert_file: expected a private key that not everybody can read; chmod o-r helps", path);
	tls_identity_write(path, OUR_MODE, client.certificate, NULL, NULL);
	refuse_files("tls_cert_file: expected a private key in PEM form, without a passphrase", path);
}

END_TEST

START_TEST(redis_tls_refuses_a_key_that_everybody_can_read)
{
	tls_identity_write(path, 0644, client.certificate, NULL, NULL);
	tls_identity_write(key_path, 0604, NULL, client.key, NULL);
	tls.cert_file = path;
	tls.key_file = key_path;
	refuse_files("tls_key_file: expected a private key that not everybody can read; chmod o-r helps", key_path);
}

END_TEST

START_TEST(redis_tls_refuses_a_key_that_is_none)
{
	tls_identity_write(path, 0644, client.certificate, NULL, NULL);
	tls.cert_file = path;
	tls.key_file = key_path;
	refuse_files("tls_key_file: expected a readable file: No such file or directory", key_path);
	write_text(key_path, OUR_MODE, "none\n");
	refuse_files("tls_key_file: expected a private key in PEM form, without a passphrase", key_path);
	tls_identity_write(key_path, OUR_MODE, NULL, authority.key, NULL);
	refuse_files("tls_key_file: expected the private key of the certificate in tls_cert_file", key_path);
}

END_TEST

/* It would be asked for at a terminal. */
START_TEST(redis_tls_refuses_a_key_with_a_passphrase)
{
	tls_identity_write(path, 0644, client.certificate, NULL, NULL);
	tls_identity_write(key_path, OUR_MODE, NULL, client.key, "hunter2");
	tls.cert_file = path;
	tls.key_file = key_path;
	refuse_files("tls_key_file: expected a private key in PEM form, without a passphrase", key_path);
}

END_TEST

START_TEST(redis_tls_reads_no_ca_if_nobody_is_verified)
{
	tls.ca_file = path;
	tls.verify = URL_VERIFY_NONE;
	accept_files();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_tls_files");
	TCase	   *tests = tcase_create("redis_tls_files");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, redis_tls_needs_no_files);
	tcase_add_test(tests, redis_tls_trusts_all_cas_of_the_file);
	tcase_add_test(tests, redis_tls_refuses_a_ca_file_without_certificates);
	tcase_add_test(tests, redis_tls_refuses_a_ca_file_that_is_cut);
	tcase_add_test(tests, redis_tls_reads_only_regular_files);
	tcase_add_test(tests, redis_tls_presents_a_certificate_and_those_behind_it);
	tcase_add_test(tests, redis_tls_takes_the_key_from_the_certificates_file);
	tcase_add_test(tests, redis_tls_refuses_a_key_that_everybody_can_read);
	tcase_add_test(tests, redis_tls_refuses_a_key_that_is_none);
	tcase_add_test(tests, redis_tls_refuses_a_key_with_a_passphrase);
	tcase_add_test(tests, redis_tls_reads_no_ca_if_nobody_is_verified);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
