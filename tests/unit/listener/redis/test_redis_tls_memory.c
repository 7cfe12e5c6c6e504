/*-------------------------------------------------------------------------
 *
 * test_redis_tls_memory.c
 *	  Unit tests of listener/src/redis/redis_tls.c: OpenSSL without memory.
 *
 * One allocation of the connecting end fails; of three in a row one is tried.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>

#include "redis/tls_peer.h"

#define TRY_EVERY 3

static long allocation_count;
static long fail_at;			/* 0 is never */
static bool is_watched;			/* the io's, not the peer's */

static bool
fails(void)
{
	return is_watched && ++allocation_count == fail_at;
}

static void *
allocate(size_t byte_count, const char *file, int line)
{
	(void) file;
	(void) line;
	return fails() ? NULL : malloc(byte_count);
}

static void *
reallocate(void *bytes, size_t byte_count, const char *file, int line)
{
	(void) file;
	(void) line;
	return fails() ? NULL : realloc(bytes, byte_count);
}

static void
deallocate(void *bytes, const char *file, int line)
{
	(void) file;
	(void) line;
	free(bytes);
}

/* A connection of which that allocation fails, and the outcome. */
static RedisIoResult
connect_without(long number)
{
	RedisIoResult result = REDIS_IO_WANTS_READ;

	tls_peer_open(&server_identity, TLS1_3_VERSION);
	allocation_count = 0;
	fail_at = number;
	for (int turn = 0; turn < TLS_PEER_TURNS && result != REDIS_IO_DONE && result != REDIS_IO_FAILED; turn++)
	{
		tls_peer_handshake();
		(void) tls_peer_push(TLS_PEER_ALL);
		is_watched = true;
		result = redis_io_connect(&io);
		is_watched = false;
	}
	if (result == REDIS_IO_FAILED)
		ck_assert_uint_gt(strlen(redis_io_problem(&io)), 0);
	tls_peer_close();
	return result;
}

START_TEST(redis_tls_trusts_nobody_else_without_memory)
{
	static const char *const hosts[] = {"other.test", "127.0.0.2"};
	long		last;

	free(url.host);
	url.host = strdup(hosts[_i]);
	ck_assert_int_eq(connect_without(0), REDIS_IO_FAILED);
	ck_assert_int_eq(connect_without(0), REDIS_IO_FAILED);
	last = allocation_count;
	ck_assert_int_gt(last, 1000);
	for (long number = 1; number <= last; number += TRY_EVERY)
		ck_assert_msg(connect_without(number) == REDIS_IO_FAILED, "without allocation %ld", number);
}

END_TEST

START_TEST(redis_tls_connects_again_after_it_had_no_memory)
{
	long		last;

	ck_assert_int_eq(connect_without(0), REDIS_IO_DONE);
	ck_assert_int_eq(connect_without(0), REDIS_IO_DONE);
	last = allocation_count;
	for (long number = 1; number <= last; number += 10 * TRY_EVERY)
	{
		(void) connect_without(number);
		ck_assert_int_eq(connect_without(0), REDIS_IO_DONE);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_tls_memory");
	TCase	   *tests = tcase_create("redis_tls_memory");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	/* before it allocates anything */
	if (CRYPTO_set_mem_functions(allocate, reallocate, deallocate) != 1)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, tls_peer_set_up, tls_peer_tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, redis_tls_trusts_nobody_else_without_memory, 0, 2);
	tcase_add_test(tests, redis_tls_connects_again_after_it_had_no_memory);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
