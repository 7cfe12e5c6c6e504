/*-------------------------------------------------------------------------
 *
 * test_redis_tls.c
 *	  Unit tests of listener/src/redis/redis_tls.c: bytes, directions, and how a connection
 *	  ends.
 *
 * Whom it trusts is in test_redis_tls_session.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <poll.h>
#include <stdlib.h>

#include "redis/redis_error.h"
#include "redis/tls_peer.h"

#define LARGE_BYTES ((size_t) 1024 * 1024)

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

#define VERSION_COUNT 2

static void
start(int max_version)
{
	tls_peer_open(&server_identity, max_version);
}

static void
start_connected(int max_version)
{
	start(max_version);
	tls_peer_expect_connected();
}

static RedisIoResult
read_bytes(char *bytes, size_t room, size_t *count)
{
	*count = 0;
	return redis_io_read(&io, bytes, room, count);
}

/* Reads until this text has come, and nothing else. */
static void
expect_text(const char *text)
{
	char		bytes[64];
	size_t		count;
	size_t		used = 0;

	while (used < strlen(text))
	{
		ck_assert_int_eq(read_bytes(bytes + used, sizeof(bytes) - used, &count), REDIS_IO_DONE);
		used += count;
	}
	ck_assert_uint_eq(used, strlen(text));
	ck_assert_mem_eq(bytes, text, used);
}

static void
expect_heard(const char *text)
{
	char		bytes[64];

	ck_assert_uint_eq(tls_peer_hear(bytes, sizeof(bytes)), strlen(text));
	ck_assert_mem_eq(bytes, text, strlen(text));
}

static RedisIoResult
write_text(const char *text)
{
	size_t		count;

	return redis_io_write(&io, text, strlen(text), &count);
}

static void
expect_failed(RedisIoResult result, const char *problem)
{
	ck_assert_int_eq(result, REDIS_IO_FAILED);
	ck_assert_msg(strncmp(redis_io_problem(&io), problem, strlen(problem)) == 0, "%s", redis_io_problem(&io));
}

static RedisIoResult
read_nothing(void)
{
	char		bytes[64];
	size_t		count;

	return read_bytes(bytes, sizeof(bytes), &count);
}

START_TEST(redis_tls_moves_bytes)
{
	start_connected(versions[_i]);
	ck_assert_int_eq(SSL_version(peer), versions[_i]);
	ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(write_text("PING\r\n"), REDIS_IO_DONE);
	expect_heard("PING\r\n");
	tls_peer_say("+PONG\r\n");
	tls_peer_push(TLS_PEER_ALL);
	expect_text("+PONG\r\n");
	ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
	ck_assert(!redis_io_has_buffered(&io));
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_refuses_versions_before_1_2)
{
	start(TLS1_1_VERSION);
	SSL_set_security_level(peer, 0);
	tls_peer_expect_refusal(REDIS_ERROR_TLS_HANDSHAKE);
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_takes_records_that_are_cut_at_every_byte)
{
	start(versions[_i]);
	ck_assert_int_eq(tls_peer_connect(1), REDIS_IO_DONE);
	while (tls_peer_push(1) > 0)
		ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
	tls_peer_say("+PONG\r\n");
	while (tls_peer_push(1) > 0 && BIO_pending(peer_out) > 0)
	{
		ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
		ck_assert(!redis_io_has_buffered(&io));
	}
	expect_text("+PONG\r\n");
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_waits_for_each_direction_of_a_handshake)
{
	start(versions[_i]);
	tls_peer_block();
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_WRITE);
	ck_assert_int_eq(redis_io_events(&io, false), POLLOUT);
	tls_peer_pull();
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN);
	/* the server's answer comes while the client's cannot go */
	tls_peer_handshake();
	tls_peer_block();
	ck_assert_uint_gt(tls_peer_push(TLS_PEER_ALL), 0);
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_WRITE);
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_WRITE);
	tls_peer_expect_connected();
	ck_assert_int_eq(write_text("PING"), REDIS_IO_DONE);
	expect_heard("PING");
	tls_peer_close();
}

END_TEST

/* Both ends go on with a renegotiation; what the peer hears meanwhile is "text". */
static void
renegotiate(const char *text)
{
	char		bytes[64];
	size_t		used = 0;

	for (int turn = 0; turn < TLS_PEER_TURNS && (used < strlen(text) || SSL_renegotiate_pending(peer)); turn++)
	{
		used += tls_peer_hear(bytes + used, sizeof(bytes) - used);
		(void) tls_peer_push(TLS_PEER_ALL);
		ck_assert_int_ne(read_nothing(), REDIS_IO_FAILED);
		if (redis_io_may_write(&io, POLLIN) && used < strlen(text))
			ck_assert_int_ne(write_text(text), REDIS_IO_FAILED);
	}
	ck_assert(!SSL_renegotiate_pending(peer));
	ck_assert_uint_eq(used, strlen(text));
	ck_assert_mem_eq(bytes, text, used);
}

START_TEST(redis_tls_reads_to_write_during_a_renegotiation)
{
	start_connected(TLS1_2_VERSION);
	ck_assert_int_eq(SSL_renegotiate(peer), 1);
	ck_assert_int_eq(SSL_do_handshake(peer), 1);
	ck_assert_uint_gt(tls_peer_push(TLS_PEER_ALL), 0);
	ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(write_text("PING"), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN);
	ck_assert(redis_io_may_write(&io, POLLIN));
	ck_assert(!redis_io_may_write(&io, POLLOUT));
	renegotiate("PING");
	ck_assert_int_eq(write_text("PONG"), REDIS_IO_DONE);
	expect_heard("PONG");
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_writes_to_read_during_a_renegotiation)
{
	start_connected(TLS1_2_VERSION);
	ck_assert_int_eq(SSL_renegotiate(peer), 1);
	ck_assert_int_eq(SSL_do_handshake(peer), 1);
	tls_peer_block();
	ck_assert_uint_gt(tls_peer_push(TLS_PEER_ALL), 0);
	ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_WRITE);
	ck_assert_int_eq(redis_io_events(&io, false), POLLOUT);
	ck_assert(redis_io_may_read(&io, POLLOUT));
	ck_assert(!redis_io_may_read(&io, POLLIN));
	renegotiate("");
	tls_peer_say("+OK\r\n");
	tls_peer_push(TLS_PEER_ALL);
	expect_text("+OK\r\n");
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_changes_its_keys_when_it_is_asked_to)
{
	start_connected(TLS1_3_VERSION);
	for (int i = 0; i < 3; i++)
	{
		ck_assert_int_eq(SSL_key_update(peer, SSL_KEY_UPDATE_REQUESTED), 1);
		tls_peer_say("+OK\r\n");
		tls_peer_push(TLS_PEER_ALL);
		expect_text("+OK\r\n");
		ck_assert_int_eq(write_text("PING"), REDIS_IO_DONE);
		expect_heard("PING");
	}
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_has_what_is_left_of_a_record)
{
	char		bytes[4];
	size_t		count;

	start_connected(versions[_i]);
	tls_peer_say("+PONG");
	tls_peer_push(TLS_PEER_ALL);
	ck_assert_int_eq(read_bytes(bytes, sizeof(bytes), &count), REDIS_IO_DONE);
	ck_assert_uint_eq(count, 4);
	ck_assert(redis_io_has_buffered(&io));
	ck_assert(redis_io_may_read(&io, 0));
	expect_text("G");
	ck_assert(!redis_io_has_buffered(&io));
	tls_peer_close();
}

END_TEST

/* The buffer grows and lies elsewhere each time, as that of a connection. */
START_TEST(redis_tls_sends_what_comes_again_at_the_front)
{
	char	   *sent = malloc(LARGE_BYTES);
	char	   *heard = malloc(LARGE_BYTES);
	size_t		sent_bytes = 0;
	size_t		heard_bytes = 0;
	size_t		wait_count = 0;
	size_t		room = LARGE_BYTES / 2;

	for (size_t i = 0; i < LARGE_BYTES; i++)
		sent[i] = (char) (i * 31 >> 3);
	start_connected(versions[_i]);
	while (sent_bytes < LARGE_BYTES)
	{
		size_t		count = 0;
		size_t		rest = room - sent_bytes;
		char	   *copy = malloc(rest);
		RedisIoResult result;

		memcpy(copy, sent + sent_bytes, rest);
		result = redis_io_write(&io, copy, rest, &count);
		free(copy);
		sent_bytes += count;
		if (result == REDIS_IO_WANTS_WRITE)
		{
			wait_count++;
			room = LARGE_BYTES;
			heard_bytes += tls_peer_hear(heard + heard_bytes, LARGE_BYTES - heard_bytes);
		}
		else
			ck_assert_int_eq(result, REDIS_IO_DONE);
		if (sent_bytes == room)
			room = LARGE_BYTES;
	}
	heard_bytes += tls_peer_hear(heard + heard_bytes, LARGE_BYTES - heard_bytes);
	ck_assert_uint_gt(wait_count, 0);
	ck_assert_uint_eq(heard_bytes, LARGE_BYTES);
	ck_assert_mem_eq(heard, sent, LARGE_BYTES);
	free(sent);
	free(heard);
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_says_what_a_handshake_waits_for)
{
	start(versions[_i]);
	ck_assert_str_eq(redis_io_stalled(&io), "Connection timed out");
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
	ck_assert_str_eq(redis_io_stalled(&io), "no reply to the TLS handshake before the deadline");
	tls_peer_close();
}

END_TEST

START_TEST(redis_tls_says_that_the_peer_is_gone_within_a_handshake)
{
	size_t		flight_bytes;

	start(versions[_i]);
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
	tls_peer_handshake();
	flight_bytes = (size_t) BIO_pending(peer_out);
	tls_peer_close();
	ck_assert_uint_gt(flight_bytes, 500);
	for (size_t cut = 0; cut < flight_bytes - 100; cut += 13)
	{
		start(versions[_i]);
		ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
		tls_peer_handshake();
		ck_assert_uint_eq(tls_peer_push(cut), cut);
		ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
		tls_peer_hang_up();
		expect_failed(redis_io_connect(&io), REDIS_ERROR_TLS_CUT ": Redis closed the connection");
		tls_peer_close();
	}
}

END_TEST

START_TEST(redis_tls_says_that_the_peer_has_answered_nothing)
{
	start_connected(versions[_i]);
	tls_peer_hang_up();
	expect_failed(read_nothing(), REDIS_ERROR_TLS_UNANSWERED);
	tls_peer_close();
}

END_TEST

/* With a word of TLS, or without; within a record, or between two. */
START_TEST(redis_tls_says_that_the_peer_is_gone)
{
	for (int how = 0; how < 3; how++)
	{
		start_connected(versions[_i]);
		tls_peer_say("+OK\r\n");
		tls_peer_push(TLS_PEER_ALL);
		expect_text("+OK\r\n");
		if (how == 1)
			(void) SSL_shutdown(peer);
		if (how == 2)
			tls_peer_say("+OK\r\n");
		tls_peer_push(how == 2 ? 7 : TLS_PEER_ALL);
		tls_peer_hang_up();
		expect_failed(read_nothing(), "Redis closed the connection");
		ck_assert_str_eq(redis_io_problem(&io), "Redis closed the connection");
		tls_peer_close();
	}
}

END_TEST

START_TEST(redis_tls_says_that_nothing_can_be_written)
{
	start_connected(versions[_i]);
	tls_peer_say("+OK\r\n");
	tls_peer_push(TLS_PEER_ALL);
	expect_text("+OK\r\n");
	tls_peer_hang_up();
	expect_failed(write_text("PING"), "Redis closed the connection");
	tls_peer_close();
}

END_TEST

static const char *const answers[] = {
	"-ERR unknown command\r\n", "HTTP/1.1 400 Bad Request\r\n", "+OK\r\n", "\x80\x80\x80\x80\x80\x80"
};

#define ANSWER_COUNT ((int) (sizeof(answers) / sizeof(answers[0])))

START_TEST(redis_tls_says_that_the_peer_speaks_none)
{
	start(TLS1_3_VERSION);
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(send(peer_fd, answers[_i], strlen(answers[_i]), 0), (ssize_t) strlen(answers[_i]));
	expect_failed(redis_io_connect(&io), REDIS_ERROR_TLS_NONE ": ");
	tls_peer_close();
}

END_TEST

/* Every byte of a record, one after the other, is another one than was sent. */
START_TEST(redis_tls_believes_no_record_that_was_changed)
{
	char		record[64];
	int			record_bytes = 64;

	for (int changed = 5; changed < record_bytes; changed++)
	{
		start_connected(versions[_i]);
		ck_assert_int_eq(read_nothing(), REDIS_IO_WANTS_READ);
		tls_peer_say("+OK\r\n");
		record_bytes = BIO_read(peer_out, record, sizeof(record));
		ck_assert_int_gt(record_bytes, 0);
		record[changed] ^= 1;
		ck_assert_int_eq(send(peer_fd, record, (size_t) record_bytes, 0), record_bytes);
		expect_failed(read_nothing(), REDIS_ERROR_TLS_BROKEN ": ");
		tls_peer_close();
	}
}

END_TEST

/* TLS 1.3 tells a client without a certificate only after its handshake. */
START_TEST(redis_tls_says_that_the_peer_wants_a_certificate)
{
	start(versions[_i]);
	SSL_set_verify(peer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (versions[_i] == TLS1_2_VERSION)
		tls_peer_expect_refusal(REDIS_ERROR_TLS_HANDSHAKE ": ");
	else
	{
		ck_assert_int_eq(tls_peer_connect(TLS_PEER_ALL), REDIS_IO_DONE);
		tls_peer_push(TLS_PEER_ALL);
		tls_peer_hang_up();
		expect_failed(read_nothing(), REDIS_ERROR_TLS_CLIENT ": ");
	}
	tls_peer_close();
}

END_TEST

/* What is written after the peer has refused and gone fails; its alert says why. */
START_TEST(redis_tls_reads_why_nothing_can_be_written)
{
	start(TLS1_3_VERSION);
	SSL_set_verify(peer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	ck_assert_int_eq(tls_peer_connect(TLS_PEER_ALL), REDIS_IO_DONE);
	tls_peer_push(TLS_PEER_ALL);
	tls_peer_hang_up();
	expect_failed(write_text("PING"), REDIS_ERROR_TLS_CLIENT ": ");
	tls_peer_close();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_tls");
	TCase	   *tests = tcase_create("redis_tls");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, tls_peer_set_up, tls_peer_tear_down);
	tcase_add_loop_test(tests, redis_tls_moves_bytes, 0, VERSION_COUNT);
	tcase_add_test(tests, redis_tls_refuses_versions_before_1_2);
	tcase_add_loop_test(tests, redis_tls_takes_records_that_are_cut_at_every_byte, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_waits_for_each_direction_of_a_handshake, 0, VERSION_COUNT);
	tcase_add_test(tests, redis_tls_reads_to_write_during_a_renegotiation);
	tcase_add_test(tests, redis_tls_writes_to_read_during_a_renegotiation);
	tcase_add_test(tests, redis_tls_changes_its_keys_when_it_is_asked_to);
	tcase_add_loop_test(tests, redis_tls_has_what_is_left_of_a_record, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_sends_what_comes_again_at_the_front, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_what_a_handshake_waits_for, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_the_peer_is_gone_within_a_handshake, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_the_peer_has_answered_nothing, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_the_peer_is_gone, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_nothing_can_be_written, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_the_peer_speaks_none, 0, ANSWER_COUNT);
	tcase_add_loop_test(tests, redis_tls_believes_no_record_that_was_changed, 0, VERSION_COUNT);
	tcase_add_loop_test(tests, redis_tls_says_that_the_peer_wants_a_certificate, 0, VERSION_COUNT);
	tcase_add_test(tests, redis_tls_reads_why_nothing_can_be_written);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
