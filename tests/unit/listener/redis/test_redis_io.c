/*-------------------------------------------------------------------------
 *
 * test_redis_io.c
 *	  Unit tests of listener/src/redis/redis_io.c and redis_plain.c.
 *
 * What a connection makes of it is in test_redis_conn_io.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis/redis_plain.h"

static RedisIo io;
static RedisIoResult next_result;
static bool is_buffered;
static int	peer_fd;

static void *
open_fake(const RedisUrl *url, int fd)
{
	(void) url;
	(void) fd;
	return &next_result;
}

static RedisIoResult
connect_fake(void *state)
{
	return *(RedisIoResult *) state;
}

static RedisIoResult
read_fake(void *state, char *bytes, size_t room, size_t *moved_count)
{
	(void) bytes;
	*moved_count = room;
	return *(RedisIoResult *) state;
}

static RedisIoResult
write_fake(void *state, const char *bytes, size_t byte_count, size_t *moved_count)
{
	(void) bytes;
	*moved_count = byte_count;
	return *(RedisIoResult *) state;
}

static bool
has_buffered_fake(const void *state)
{
	(void) state;
	return is_buffered;
}

static void
close_fake(void *state)
{
	(void) state;
}

static const RedisIoType fake = {
	.open = open_fake,
	.connect = connect_fake,
	.read = read_fake,
	.write = write_fake,
	.has_buffered = has_buffered_fake,
	.close = close_fake,
};

static void
open_io(const RedisIoType *type)
{
	static const RedisUrl url;
	int			pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	peer_fd = pair[1];
	is_buffered = false;
	next_result = REDIS_IO_DONE;
	redis_io_init(&io, type);
	ck_assert(redis_io_open(&io, &url, pair[0]));
}

static void
close_io(void)
{
	redis_io_close(&io);
	(void) close(peer_fd);
}

static void
connect_io(void)
{
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_DONE);
}

static RedisIoResult
read_after(RedisIoResult result)
{
	char		bytes[8];
	size_t		moved_count;

	next_result = result;
	return redis_io_read(&io, bytes, sizeof(bytes), &moved_count);
}

static RedisIoResult
write_after(RedisIoResult result)
{
	size_t		moved_count;

	next_result = result;
	return redis_io_write(&io, "bytes", 5, &moved_count);
}

START_TEST(redis_io_waits_for_what_connecting_wants)
{
	open_io(&fake);
	ck_assert_int_eq(redis_io_events(&io, true), POLLOUT);
	next_result = REDIS_IO_WANTS_READ;
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN);
	next_result = REDIS_IO_WANTS_WRITE;
	ck_assert_int_eq(redis_io_connect(&io), REDIS_IO_WANTS_WRITE);
	ck_assert_int_eq(redis_io_events(&io, false), POLLOUT);
	close_io();
}

END_TEST

START_TEST(redis_io_waits_to_write_only_with_output)
{
	open_io(&fake);
	connect_io();
	ck_assert_int_eq(redis_io_events(&io, false), POLLIN);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN | POLLOUT);
	close_io();
}

END_TEST

START_TEST(redis_io_waits_for_the_opposite_direction_until_it_is_done)
{
	open_io(&fake);
	connect_io();
	ck_assert_int_eq(read_after(REDIS_IO_WANTS_WRITE), REDIS_IO_WANTS_WRITE);
	ck_assert_int_eq(redis_io_events(&io, false), POLLOUT);
	ck_assert(redis_io_may_read(&io, POLLOUT));
	ck_assert(!redis_io_may_read(&io, POLLIN));
	ck_assert_int_eq(write_after(REDIS_IO_WANTS_READ), REDIS_IO_WANTS_READ);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN | POLLOUT);
	ck_assert(redis_io_may_write(&io, POLLIN));
	ck_assert(!redis_io_may_write(&io, POLLOUT));
	ck_assert_int_eq(read_after(REDIS_IO_DONE), REDIS_IO_DONE);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN);
	ck_assert_int_eq(write_after(REDIS_IO_DONE), REDIS_IO_DONE);
	ck_assert_int_eq(redis_io_events(&io, true), POLLIN | POLLOUT);
	close_io();
}

END_TEST

START_TEST(redis_io_reads_what_is_buffered_whatever_the_socket_says)
{
	open_io(&fake);
	is_buffered = true;
	ck_assert(!redis_io_has_buffered(&io));
	connect_io();
	ck_assert(redis_io_has_buffered(&io));
	ck_assert(redis_io_may_read(&io, 0));
	close_io();
	ck_assert(!redis_io_has_buffered(&io));
}

END_TEST

START_TEST(redis_io_finds_out_about_errors_by_reading)
{
	open_io(&fake);
	connect_io();
	ck_assert(redis_io_may_read(&io, POLLERR));
	ck_assert(redis_io_may_read(&io, POLLHUP));
	ck_assert(!redis_io_may_write(&io, POLLERR | POLLHUP));
	close_io();
}

END_TEST

START_TEST(redis_io_closes_the_socket)
{
	int			fd;

	open_io(&fake);
	fd = io.fd;
	redis_io_close(&io);
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
	close_io();
}

END_TEST

START_TEST(redis_plain_moves_bytes_as_they_are)
{
	char		bytes[8];
	size_t		count;

	open_io(&redis_plain);
	connect_io();
	ck_assert_int_eq(redis_io_write(&io, "ab\r\n", 4, &count), REDIS_IO_DONE);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(read(peer_fd, bytes, sizeof(bytes)), 4);
	ck_assert_mem_eq(bytes, "ab\r\n", 4);
	ck_assert_int_eq(write(peer_fd, "cd", 2), 2);
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_DONE);
	ck_assert_uint_eq(count, 2);
	ck_assert_mem_eq(bytes, "cd", 2);
	ck_assert(!redis_io_has_buffered(&io));
	close_io();
}

END_TEST

START_TEST(redis_plain_wants_each_direction_for_itself)
{
	static const char block[65536];
	char		bytes[8];
	size_t		count;
	RedisIoResult result;

	open_io(&redis_plain);
	connect_io();
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_WANTS_READ);
	while ((result = redis_io_write(&io, block, sizeof(block), &count)) == REDIS_IO_DONE)
		ck_assert_uint_gt(count, 0);
	ck_assert_int_eq(result, REDIS_IO_WANTS_WRITE);
	close_io();
}

END_TEST

START_TEST(redis_plain_says_that_the_peer_is_gone)
{
	char		bytes[8];
	size_t		count;

	open_io(&redis_plain);
	connect_io();
	ck_assert_int_eq(write(peer_fd, "+", 1), 1);
	(void) close(peer_fd);
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_DONE);
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_FAILED);
	ck_assert_str_eq(redis_io_problem(&io), "Redis closed the connection");
	redis_io_close(&io);
	open_io(&redis_plain);
	connect_io();
	(void) close(peer_fd);
	ck_assert_int_eq(redis_io_write(&io, "x", 1, &count), REDIS_IO_FAILED);
	ck_assert_str_eq(redis_io_problem(&io), "Broken pipe");
	redis_io_close(&io);
}

END_TEST

/* As a port that speaks TLS does, by itself or with an alert. */
START_TEST(redis_plain_says_that_the_peer_has_said_nothing)
{
	char		bytes[8];
	size_t		count;

	open_io(&redis_plain);
	connect_io();
	(void) close(peer_fd);
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_FAILED);
	ck_assert_str_eq(redis_io_problem(&io), "Redis closed the connection before it sent anything");
	redis_io_close(&io);
	open_io(&redis_plain);
	connect_io();
	ck_assert_int_eq(write(peer_fd, "\x15\x03\x03\0\x02\x02\x46", 7), 7);
	ck_assert_int_eq(redis_io_read(&io, bytes, sizeof(bytes), &count), REDIS_IO_FAILED);
	ck_assert_str_eq(redis_io_problem(&io), "Redis closed the connection before it sent anything but an alert of TLS");
	close_io();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_io");
	TCase	   *tests = tcase_create("redis_io");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_io_waits_for_what_connecting_wants);
	tcase_add_test(tests, redis_io_waits_to_write_only_with_output);
	tcase_add_test(tests, redis_io_waits_for_the_opposite_direction_until_it_is_done);
	tcase_add_test(tests, redis_io_reads_what_is_buffered_whatever_the_socket_says);
	tcase_add_test(tests, redis_io_finds_out_about_errors_by_reading);
	tcase_add_test(tests, redis_io_closes_the_socket);
	tcase_add_test(tests, redis_plain_moves_bytes_as_they_are);
	tcase_add_test(tests, redis_plain_wants_each_direction_for_itself);
	tcase_add_test(tests, redis_plain_says_that_the_peer_is_gone);
	tcase_add_test(tests, redis_plain_says_that_the_peer_has_said_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
