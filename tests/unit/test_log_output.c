/*-------------------------------------------------------------------------
 *
 * test_log_output.c
 *	  Unit tests of listener/src/log_output.c: pipes, sockets, terminals and
 *	  files that take nothing, little, or nothing any more.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "log_output.h"

#define LINE_BYTES 100

/* More than a pipe and the buffer hold. */
#define MANY_LINES 10000

static LogOutput output;
static Loop *loop;
static int	reader_fd;
static int	writer_fd;
static int	line_count;
static int64_t told_count;
static int64_t now_ms;
static char directory[] = "/tmp/uncached-test-XXXXXX";
static char path[64];
static char other_path[64];
static char text[4 * 1024 * 1024];

static size_t
write_notice(void *context, int64_t dropped_count, char *line, size_t line_bytes)
{
	(void) context;
	told_count += dropped_count;
	return (size_t) snprintf(line, line_bytes, "%lld lost\n", (long long) dropped_count);
}

static int64_t
read_clock(void *context)
{
	(void) context;
	return now_ms;
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
	snprintf(other_path, sizeof(other_path), "%s/log.1", directory);
	reader_fd = writer_fd = -1;
	line_count = 0;
	told_count = 0;
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static void
tear_down(void)
{
	log_output_close(&output);
	loop_destroy(loop);
	close(reader_fd);
	close(writer_fd);
	(void) unlink(path);
	(void) unlink(other_path);
	(void) rmdir(directory);
}

static void
start(int fd)
{
	log_output_init(&output, fd, write_notice, NULL);
	log_output_set_loop(&output, loop);
}

static void
start_pipe(void)
{
	int			fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	reader_fd = fds[0];
	writer_fd = fds[1];
	start(writer_fd);
}

static void
start_sockets(int type)
{
	int			fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
	reader_fd = fds[0];
	writer_fd = fds[1];
	start(writer_fd);
}

/* Raw, so that what is written is what is read. */
static void
start_terminal(void)
{
	struct termios raw;

	reader_fd = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(reader_fd, 0);
	ck_assert_int_eq(grantpt(reader_fd), 0);
	ck_assert_int_eq(unlockpt(reader_fd), 0);
	writer_fd = open(ptsname(reader_fd), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(writer_fd, 0);
	ck_assert_int_eq(tcgetattr(writer_fd, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(writer_fd, TCSANOW, &raw), 0);
	start(writer_fd);
}

static void
write_lines(int count)
{
	char		line[LINE_BYTES + 1];

	for (int i = 0; i < count; i++)
	{
		snprintf(line, sizeof(line), "%09d %0*d\n", line_count++, LINE_BYTES - 11, 7);
		log_output_write(&output, line, LINE_BYTES);
	}
}

/* Reads what is there into the text; its bytes. */
static size_t
read_some(size_t used_bytes)
{
	struct pollfd ready = {.fd = reader_fd,.events = POLLIN};
	ssize_t		got = 0;

	ck_assert_uint_lt(used_bytes, sizeof(text) - 1);
	if (poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0)
		got = read(reader_fd, text + used_bytes, sizeof(text) - 1 - used_bytes);
	return got > 0 ? (size_t) got : 0;
}

/* Turns the loop and reads until nothing more comes. */
static void
read_all(void)
{
	size_t		used_bytes = 0;

	for (int idle_count = 0; idle_count < 5;)
	{
		size_t		got;

		ck_assert(loop_turn(loop, 1));
		got = read_some(used_bytes);
		used_bytes += got;
		idle_count = got > 0 ? 0 : idle_count + 1;
	}
	text[used_bytes] = '\0';
}

static void
read_file(const char *name)
{
	int			fd = open(name, O_RDONLY);
	ssize_t		got = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(got, 0);
	text[got] = '\0';
	close(fd);
}

/* How many whole lines of ours the text has; all lines are whole. */
static int
count_lines(void)
{
	int			count = 0;
	long		last = -1;
	char	   *line = text;

	while (*line != '\0')
	{
		char	   *end = strchr(line, '\n');

		ck_assert_msg(end != NULL, "a torn end: %s", line);
		if (end + 1 - line == LINE_BYTES)
		{
			ck_assert_int_gt(atol(line), last);
			last = atol(line);
			count++;
		}
		else
			ck_assert_msg(strncmp(end - 5, " lost", 5) == 0, "a torn line: %.120s", line);
		line = end + 1;
	}
	return count;
}

/* Every line was read, or told of as dropped. */
static void
assert_complete(void)
{
	ck_assert_int_eq(count_lines() + told_count, line_count);
}

static bool
is_waiting(void)
{
	return output.watch.slot >= 0 || loop_timer_is_armed(&output.timer);
}

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How often the loop turns in a tenth of a second without news. */
static int
turns_when_idle(void)
{
	int64_t		end_ms = clock_ms() + 100;
	int			count = 0;

	for (; clock_ms() < end_ms; count++)
		ck_assert(loop_turn(loop, 50));
	return count;
}

/* What holds of every reader that stops reading and goes on. */
static void
check_reader_that_stops(void)
{
	write_lines(MANY_LINES);
	ck_assert_int_eq(told_count, 0);
	ck_assert_int_le(turns_when_idle(), 10);
	read_all();
	ck_assert_int_gt(told_count, 0);
	assert_complete();
	ck_assert(!is_waiting());
	write_lines(10);
	read_all();
	ck_assert_int_eq(count_lines(), 10);
}

/* --- readers that stop reading --- */

START_TEST(log_output_does_not_wait_for_a_pipe)
{
	start_pipe();
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_stream_socket)
{
	start_sockets(SOCK_STREAM);
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_datagram_socket)
{
	start_sockets(SOCK_DGRAM);
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_terminal)
{
	start_terminal();
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_pipe_that_it_may_not_open)
{
	start_pipe();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_terminal_that_it_may_not_open)
{
	start_terminal();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_where_poll_is_wrong)
{
	static char line[30000];

	/* a page is free, and more is written than that */
	start_pipe();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5; i++)
		log_output_write(&output, line, sizeof(line));
	ck_assert(is_waiting());
	read_all();
	ck_assert_uint_eq(strlen(text), 5 * sizeof(line));
}

END_TEST

START_TEST(log_output_leaves_the_descriptor_to_others_as_it_was)
{
	start_pipe();
	write_lines(MANY_LINES);
	ck_assert_int_eq(fcntl(writer_fd, F_GETFL) & O_NONBLOCK, 0);
	log_output_close(&output);
	ck_assert_int_eq(fcntl(writer_fd, F_GETFL) & O_NONBLOCK, 0);
}

END_TEST

START_TEST(log_output_writes_lines_longer_than_a_pipe_takes_at_once)
{
	static char line[32768];

	start_pipe();
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5; i++)
		log_output_write(&output, line, sizeof(line));
	read_all();
	ck_assert_uint_eq(strlen(text), 5 * sizeof(line));
	for (int i = 0; i < 5; i++)
		ck_assert_ptr_eq(strchr(text + (size_t) i * sizeof(line), '\n'),
						 text + (size_t) (i + 1) * sizeof(line) - 1);
}

END_TEST

START_TEST(log_output_flushes_what_a_slow_reader_takes)
{
	start_pipe();
	write_lines(1000);
	read_all();
	ck_assert_int_eq(count_lines(), 1000);
	log_output_set_loop(&output, NULL);
	write_lines(1000);
	ck_assert_uint_gt(read_some(0), 0);
	log_output_flush(&output, 1000);
	ck_assert(log_buffer_is_empty(&output.buffer));
}

END_TEST

START_TEST(log_output_flushes_for_a_bounded_time)
{
	int64_t		begin_ms;

	start_pipe();
	write_lines(MANY_LINES);
	begin_ms = clock_ms();
	log_output_flush(&output, 50);
	ck_assert_int_ge(clock_ms() - begin_ms, 49);
	ck_assert(!log_buffer_is_empty(&output.buffer));
}

END_TEST

/* --- readers that are gone --- */

static void
check_reader_that_is_gone(void)
{
	write_lines(10);
	close(reader_fd);
	write_lines(MANY_LINES);
	ck_assert(!is_waiting());
	ck_assert(log_buffer_is_empty(&output.buffer));
	ck_assert_int_le(turns_when_idle(), 10);
}

START_TEST(log_output_does_nothing_for_a_closed_pipe)
{
	start_pipe();
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_does_nothing_for_a_pipe_that_was_closed_before)
{
	int			fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	writer_fd = fds[1];
	close(fds[0]);
	start(writer_fd);
	write_lines(MANY_LINES);
	ck_assert(!is_waiting());
}

END_TEST

START_TEST(log_output_does_nothing_for_a_pipe_that_is_closed_while_it_waits)
{
	start_pipe();
	write_lines(MANY_LINES);
	ck_assert(is_waiting());
	close(reader_fd);
	ck_assert(loop_turn(loop, 1000));
	ck_assert(!is_waiting());
	ck_assert(log_buffer_is_empty(&output.buffer));
}

END_TEST

START_TEST(log_output_does_nothing_for_a_closed_socket)
{
	start_sockets(SOCK_STREAM);
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_does_nothing_for_a_terminal_that_is_gone)
{
	start_terminal();
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_tells_the_next_reader_of_a_fifo_what_is_lost)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	reader_fd = open(path, O_RDONLY | O_NONBLOCK);
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	log_output_set_loop(&output, loop);
	write_lines(10);
	read_all();
	close(reader_fd);
	write_lines(20);
	reader_fd = open(path, O_RDONLY | O_NONBLOCK);
	write_lines(1);
	read_all();
	ck_assert_ptr_nonnull(strstr(text, "20 lost\n"));
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_goes_nowhere_without_a_descriptor)
{
	start(-1);
	write_lines(10);
	log_output_flush(&output, 1000);
	ck_assert(!is_waiting());
}

END_TEST

/* --- files --- */

START_TEST(log_output_retries_a_full_device_now_and_then)
{
	writer_fd = open("/dev/full", O_WRONLY);
	loop_set_clock(loop, read_clock, NULL);
	start(writer_fd);
	write_lines(MANY_LINES);
	ck_assert(loop_timer_is_armed(&output.timer));
	ck_assert_int_lt(output.watch.slot, 0);
	ck_assert_int_gt(output.buffer.dropped_count, 0);
	log_output_flush(&output, 60000);
	ck_assert(!log_buffer_is_empty(&output.buffer));
	now_ms += 1000;
	ck_assert(loop_turn(loop, 0));
	ck_assert(loop_timer_is_armed(&output.timer));
}

END_TEST

/* Check writes files, too: between a limit and its end nothing is asserted. */
static void
limit_files(rlim_t byte_count)
{
	struct rlimit limit = {byte_count, RLIM_INFINITY};

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		abort();
}

START_TEST(log_output_finishes_a_torn_line_when_there_is_room_again)
{
	log_output_init(&output, -1, write_notice, NULL);
	loop_set_clock(loop, read_clock, NULL);
	ck_assert(log_output_open_file(&output, path));
	log_output_set_loop(&output, loop);
	limit_files(250);
	write_lines(5);
	limit_files(RLIM_INFINITY);
	ck_assert(loop_timer_is_armed(&output.timer));
	now_ms += 1000;
	ck_assert(loop_turn(loop, 0));
	ck_assert(!is_waiting());
	read_file(path);
	ck_assert_int_eq(count_lines(), 5);
}

END_TEST

START_TEST(log_output_finishes_a_torn_line_when_it_opens_the_same_file_again)
{
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	limit_files(250);
	write_lines(5);
	limit_files(RLIM_INFINITY);
	ck_assert(log_output_open_file(&output, path));
	read_file(path);
	ck_assert_int_eq(count_lines(), 5);
}

END_TEST

START_TEST(log_output_begins_another_file_with_a_whole_line)
{
	bool		is_open;

	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	limit_files(250);
	write_lines(5);
	(void) rename(path, other_path);
	is_open = log_output_open_file(&output, path);
	limit_files(RLIM_INFINITY);
	ck_assert(is_open);
	log_output_flush(&output, 0);
	read_file(path);
	ck_assert_int_eq(told_count, 1);
	ck_assert_int_eq(count_lines(), 2);
}

END_TEST

START_TEST(log_output_appends_to_a_file_and_makes_it_for_its_group)
{
	struct stat status;
	mode_t		old_mask = umask(0);

	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	umask(old_mask);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0640);
	write_lines(2);
	ck_assert(log_output_open_file(&output, path));
	write_lines(2);
	/* as copytruncate does */
	read_file(path);
	ck_assert_int_eq(count_lines(), 4);
	ck_assert_int_eq(truncate(path, 0), 0);
	write_lines(1);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_keeps_the_old_file_if_it_cannot_open_another)
{
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	ck_assert(!log_output_open_file(&output, directory));
	ck_assert_int_eq(errno, EISDIR);
	write_lines(1);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_refuses_a_fifo_that_nobody_reads_as_a_file)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(!log_output_open_file(&output, path));
}

END_TEST

START_TEST(log_output_goes_back_to_a_descriptor)
{
	start_pipe();
	ck_assert(log_output_open_file(&output, path));
	write_lines(1);
	log_output_use(&output, writer_fd);
	write_lines(2);
	read_all();
	ck_assert_int_eq(count_lines(), 2);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("log_output");
	TCase	   *tests = tcase_create("log_output");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, log_output_does_not_wait_for_a_pipe);
	tcase_add_test(tests, log_output_does_not_wait_for_a_stream_socket);
	tcase_add_test(tests, log_output_does_not_wait_for_a_datagram_socket);
	tcase_add_test(tests, log_output_does_not_wait_for_a_terminal);
	tcase_add_test(tests, log_output_does_not_wait_for_a_pipe_that_it_may_not_open);
	tcase_add_test(tests, log_output_does_not_wait_for_a_terminal_that_it_may_not_open);
	tcase_add_test(tests, log_output_does_not_wait_where_poll_is_wrong);
	tcase_add_test(tests, log_output_leaves_the_descriptor_to_others_as_it_was);
	tcase_add_test(tests, log_output_writes_lines_longer_than_a_pipe_takes_at_once);
	tcase_add_test(tests, log_output_flushes_what_a_slow_reader_takes);
	tcase_add_test(tests, log_output_flushes_for_a_bounded_time);
	tcase_add_test(tests, log_output_does_nothing_for_a_closed_pipe);
	tcase_add_test(tests, log_output_does_nothing_for_a_pipe_that_was_closed_before);
	tcase_add_test(tests, log_output_does_nothing_for_a_pipe_that_is_closed_while_it_waits);
	tcase_add_test(tests, log_output_does_nothing_for_a_closed_socket);
	tcase_add_test(tests, log_output_does_nothing_for_a_terminal_that_is_gone);
	tcase_add_test(tests, log_output_tells_the_next_reader_of_a_fifo_what_is_lost);
	tcase_add_test(tests, log_output_goes_nowhere_without_a_descriptor);
	tcase_add_test(tests, log_output_retries_a_full_device_now_and_then);
	tcase_add_test(tests, log_output_finishes_a_torn_line_when_there_is_room_again);
	tcase_add_test(tests, log_output_finishes_a_torn_line_when_it_opens_the_same_file_again);
	tcase_add_test(tests, log_output_begins_another_file_with_a_whole_line);
	tcase_add_test(tests, log_output_appends_to_a_file_and_makes_it_for_its_group);
	tcase_add_test(tests, log_output_keeps_the_old_file_if_it_cannot_open_another);
	tcase_add_test(tests, log_output_refuses_a_fifo_that_nobody_reads_as_a_file);
	tcase_add_test(tests, log_output_goes_back_to_a_descriptor);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
