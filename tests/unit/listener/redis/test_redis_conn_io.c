/*-------------------------------------------------------------------------
 *
 * test_redis_conn_io.c
 *	  Unit tests of listener/src/redis/redis_conn.c: it does what the io that
 *	  carries its bytes wants.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "redis/redis_conn_fixture.h"
#include "redis/scripted_io.h"

static void
start_scripted(ScriptedRedisAnswer answer, const RedisConnTimeouts *timeouts)
{
	start(answer, timeouts);
	redis_conn_set_io(conn, &scripted_io);
}

static void
stop_scripted(void)
{
	stop();
	ck_assert_int_eq(script.open_count, 0);
}

static void
expect_reply(void)
{
	int			goal = reply_count + 1;

	scripted_redis_run_until(loop, &reply_count, goal);
	scripted_redis_settle(loop);
	ck_assert_int_eq(reply_count, goal);
	ck_assert_str_eq(last_reply, "OK");
	ck_assert_int_eq(failure_count, 0);
}

static void
await_server(void)
{
	scripted_redis_run_until(loop, &server.connection_count, 1);
	scripted_redis_settle(loop);
}

START_TEST(redis_conn_shakes_hands_in_both_directions)
{
	start_scripted(answer_ok, &patient);
	script.handshake[0] = REDIS_IO_WANTS_WRITE;
	script.handshake[1] = REDIS_IO_WANTS_READ;
	script.handshake[2] = REDIS_IO_WANTS_WRITE;
	script.handshake_steps = 3;
	redis_conn_open(conn);
	await_server();
	ck_assert_int_eq(script.connect_count, 2);
	ck_assert_int_eq(script.write_count, 0);
	scripted_redis_send(&server, "~");
	scripted_redis_run_until(loop, &connected_count, 1);
	ck_assert_int_eq(script.connect_count, 4);
	send_command("ANYTHING");
	expect_reply();
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_gives_up_a_handshake_that_stops)
{
	start_scripted(answer_ok, &hasty);
	script.handshake[0] = REDIS_IO_WANTS_READ;
	script.handshake_steps = 1;
	redis_conn_open(conn);
	expect_failure("Connection timed out");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_CONNECTION);
	ck_assert_int_eq(script.open_count, 0);
	script.handshake_steps = 0;
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 1);
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_tells_why_a_handshake_failed)
{
	start_scripted(answer_ok, &patient);
	script.connect_problem = "certificate has expired";
	redis_conn_open(conn);
	expect_failure("certificate has expired");
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_tells_why_a_read_failed)
{
	start_scripted(answer_ok, &patient);
	connect_to_server();
	script.read_problem = "bad record mac";
	scripted_redis_send(&server, "+OK\r\n");
	expect_failure("bad record mac");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_CONNECTION);
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_fails_without_memory_for_its_io)
{
	start_scripted(answer_ok, &patient);
	script.has_no_memory = true;
	redis_conn_open(conn);
	expect_failure("out of memory");
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_reads_when_the_socket_is_writable_if_the_io_wants_that)
{
	start_scripted(answer_ok, &patient);
	script.reads_by_writing = true;
	connect_to_server();
	send_command("ANYTHING");
	expect_reply();
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_writes_when_the_socket_is_readable_if_the_io_wants_that)
{
	int			refused_count;

	start_scripted(answer_ok, &patient);
	connect_to_server();
	script.writes_by_reading = true;
	send_command("ANYTHING");
	refused_count = script.write_count;
	scripted_redis_settle(loop);
	ck_assert_int_eq(script.write_count, refused_count);
	scripted_redis_send(&server, "~");
	expect_reply();
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_writes_again_after_a_read_took_what_the_write_waits_for)
{
	start_scripted(answer_ok, &patient);
	script.writes_by_reading = script.is_told_by_read = true;
	redis_conn_open(conn);
	await_server();
	ck_assert_int_eq(connected_count, 0);
	scripted_redis_send(&server, "~");
	scripted_redis_run_until(loop, &connected_count, 1);
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_repeats_a_write_that_waits_though_more_was_written)
{
	static const char block[16384];
	RedisArgument argument = {block, sizeof(block)};

	start_scripted(answer_ok, &patient);
	connect_to_server();
	script.writes_by_reading = true;
	send_command("ANYTHING");
	redis_conn_write_command(conn, &argument, 1);
	redis_conn_flush(conn);
	ck_assert_uint_gt(script.front_bytes, 0);
	scripted_redis_send(&server, "~");
	scripted_redis_run_until(loop, &reply_count, 2);
	stop_scripted();
}

END_TEST

/* Without and with reads that wait for the opposite direction. */
START_TEST(redis_conn_takes_one_byte_at_a_time)
{
	start_scripted(answer_ok, &patient);
	script.piece_bytes = 1;
	script.reads_by_writing = _i == 1;
	connect_to_server();
	send_command("ANYTHING");
	expect_reply();
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_reads_what_came_along_with_the_handshake)
{
	start_scripted(answer_nothing, &patient);
	server.shows_greeting = true;
	script.handshake[0] = REDIS_IO_WANTS_READ;
	script.handshake_steps = 1;
	redis_conn_open(conn);
	await_server();
	scripted_redis_send(&server, "~-ERR max number of clients reached\r\n");
	expect_failure("ERR max number of clients reached");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_REPLY);
	stop_scripted();
}

END_TEST

START_TEST(redis_conn_reads_nothing_buffered_after_it_was_closed)
{
	start_scripted(answer_ok, &patient);
	connect_to_server();
	script.piece_bytes = 1;
	scripted_redis_send(&server, "+OK\r\n");
	while (script.end == 0)
		ck_assert(loop_turn(loop, 100));
	redis_conn_close(conn);
	scripted_redis_settle(loop);
	ck_assert_int_eq(reply_count, 0);
	ck_assert_int_eq(failure_count, 0);
	stop_scripted();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_conn_io");
	TCase	   *tests = tcase_create("redis_conn_io");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, scripted_io_reset, NULL);
	tcase_add_test(tests, redis_conn_shakes_hands_in_both_directions);
	tcase_add_test(tests, redis_conn_gives_up_a_handshake_that_stops);
	tcase_add_test(tests, redis_conn_tells_why_a_handshake_failed);
	tcase_add_test(tests, redis_conn_tells_why_a_read_failed);
	tcase_add_test(tests, redis_conn_fails_without_memory_for_its_io);
	tcase_add_test(tests, redis_conn_reads_when_the_socket_is_writable_if_the_io_wants_that);
	tcase_add_test(tests, redis_conn_writes_when_the_socket_is_readable_if_the_io_wants_that);
	tcase_add_test(tests, redis_conn_writes_again_after_a_read_took_what_the_write_waits_for);
	tcase_add_test(tests, redis_conn_repeats_a_write_that_waits_though_more_was_written);
	tcase_add_loop_test(tests, redis_conn_takes_one_byte_at_a_time, 0, 2);
	tcase_add_test(tests, redis_conn_reads_what_came_along_with_the_handshake);
	tcase_add_test(tests, redis_conn_reads_nothing_buffered_after_it_was_closed);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
