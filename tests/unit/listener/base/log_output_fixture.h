/*-------------------------------------------------------------------------
 *
 * log_output_fixture.h
 *	  Logs at descriptors of every kind, and their readers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOG_OUTPUT_FIXTURE_H
#define UNCACHED_LOG_OUTPUT_FIXTURE_H

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
#include "base/log_output.h"

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

static inline size_t
write_notice(void *context, int64_t dropped_count, char *line, size_t line_bytes)
{
	(void) context;
	told_count += dropped_count;
	return (size_t) snprintf(line, line_bytes, "%lld lost\n", (long long) dropped_count);
}

static inline int64_t
read_clock(void *context)
{
	(void) context;
	return now_ms;
}

static inline void
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

static inline void
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

static inline void
start(int fd)
{
	log_output_init(&output, fd, write_notice, NULL);
	log_output_set_loop(&output, loop);
}

static inline void
start_pipe(void)
{
	int			fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	reader_fd = fds[0];
	writer_fd = fds[1];
	start(writer_fd);
}

static inline void
start_sockets(int type)
{
	int			fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
	reader_fd = fds[0];
	writer_fd = fds[1];
	start(writer_fd);
}

/* Raw, so that what is written is what is read. */
static inline void
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

static inline void
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
static inline size_t
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
static inline void
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

static inline void
read_file(const char *name)
{
	int			fd = open(name, O_RDONLY);
	ssize_t		got = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(got, 0);
	text[got] = '\0';
	close(fd);
}

/* How many whole lines of ours the text has; all lines are whole. */
static inline int
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
static inline void
assert_complete(void)
{
	ck_assert_int_eq(count_lines() + told_count, line_count);
}

static inline bool
is_waiting(void)
{
	return output.watch.slot >= 0 || loop_timer_is_armed(&output.timer);
}

static inline int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How often the loop turns in a tenth of a second without news. */
static inline int
turns_when_idle(void)
{
	int64_t		end_ms = clock_ms() + 100;
	int			count = 0;

	for (; clock_ms() < end_ms; count++)
		ck_assert(loop_turn(loop, 50));
	return count;
}

/* What holds of every reader that stops reading and goes on. */
static inline void
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

#endif
