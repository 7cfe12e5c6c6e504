/*-------------------------------------------------------------------------
 *
 * log_output.c
 *	  Where the log goes: writes lines, and never waits for whoever reads
 *	  them.
 *
 * O_NONBLOCK belongs to an open file, which standard error shares with
 * others: a shell, a sibling, standard output.  So a socket is sent to with
 * MSG_DONTWAIT, and a pipe or a terminal is opened once more by its name in
 * /proc.  Where that is refused (the pipe belongs to another user, as below
 * some supervisors), poll(2) is asked first.  Whoever else writes to the same pipe
 * may take the room in between: a timer ends such a write.
 *
 *-------------------------------------------------------------------------
 */
#include "base/log_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 1000

/* A write that is not to wait ends after this time, if it does wait. */
#define GUARD_US 20000

#define NOTICE_BYTES 512

typedef enum Outcome
{
	OUTCOME_DONE,				/* the buffer is empty */
	OUTCOME_NO_ROOM,			/* the other end has to read first */
	OUTCOME_FAILED,				/* may work later */
	OUTCOME_CLOSED				/* nobody will read this */
} Outcome;

/* --- writing without waiting --- */

/* Ends a write(2) that waits: without SA_RESTART it returns EINTR. */
static void
interrupt(int signal_number)
{
	(void) signal_number;
}

static bool
set_guard(suseconds_t time_us)
{
	struct itimerval timer = {{0, time_us}, {0, time_us}};

	return setitimer(ITIMER_REAL, &timer, NULL) == 0;
}

static ssize_t
write_guarded(int fd, const char *bytes, size_t byte_count)
{
	struct sigaction action = {.sa_handler = interrupt};
	struct sigaction old;
	ssize_t		written = -1;
	int			error;

	if (sigaction(SIGALRM, &action, &old) != 0)
		return -1;
	if (set_guard(GUARD_US))
		written = write(fd, bytes, byte_count);
	error = errno == EINTR ? EAGAIN : errno;
	(void) set_guard(0);
	(void) sigaction(SIGALRM, &old, NULL);
	errno = error;
	return written;
}

static ssize_t
write_if_asked(int fd, const char *bytes, size_t byte_count)
{
	struct pollfd room = {.fd = fd,.events = POLLOUT};

	if (poll(&room, 1, 0) <= 0 || room.revents == 0)
	{
		errno = EAGAIN;
		return -1;
	}
	return write_guarded(fd, bytes, byte_count < LOG_CHUNK_BYTES ? byte_count : LOG_CHUNK_BYTES);
}

static ssize_t
write_once(const LogOutput *output, const char *bytes, size_t byte_count)
{
	switch (output->way)
	{
		case LOG_WAY_WRITE:
			return write(output->fd, bytes, byte_count);
		case LOG_WAY_SEND:
			return send(output->fd, bytes, byte_count, MSG_DONTWAIT | MSG_NOSIGNAL);
		case LOG_WAY_ASK:
			break;
	}
	return write_if_asked(output->fd, bytes, byte_count);
}

static Outcome
outcome_of(int error)
{
	switch (error)
	{
		case EAGAIN:
			return OUTCOME_NO_ROOM;
		case ENOSPC:
		case EDQUOT:
		case EFBIG:
		case ENOBUFS:
		case ENOMEM:
			return OUTCOME_FAILED;
		default:
			return OUTCOME_CLOSED;
	}
}

static void
append_notice(LogOutput *output)
{
	char		line[NOTICE_BYTES];
	int64_t		dropped_count = log_buffer_untold_count(&output->buffer);
	size_t		line_bytes;

	if (dropped_count == 0)
		return;
	line_bytes = output->notice(output->notice_context, dropped_count, line, sizeof(line));
	log_buffer_append_notice(&output->buffer, line, line_bytes);
}

static Outcome
write_waiting(LogOutput *output)
{
	const char *bytes;
	size_t		byte_count;

	while ((byte_count = log_buffer_next(&output->buffer, &bytes)) > 0)
	{
		ssize_t		written = write_once(output, bytes, byte_count);

		if (written > 0)
			log_buffer_consume(&output->buffer, (size_t) written);
		else if (written == 0)
			return OUTCOME_FAILED;
		else if (errno != EINTR)
			return outcome_of(errno);
		append_notice(output);
	}
	return OUTCOME_DONE;
}

/* --- the loop --- */

static void
stop_waiting(LogOutput *output)
{
	if (output->loop == NULL)
		return;
	loop_watch_remove(output->loop, &output->watch);
	loop_timer_remove(output->loop, &output->timer);
}

/* Without memory for it the next line tries again. */
static void
wait_until(LogOutput *output, Outcome outcome)
{
	bool		waits = true;

	if (output->loop == NULL)
		return;
	if (outcome == OUTCOME_NO_ROOM)
		waits = loop_watch_set(output->loop, &output->watch, output->fd, POLLOUT);
	else
		loop_watch_remove(output->loop, &output->watch);
	if (outcome == OUTCOME_FAILED)
		waits = loop_timer_set(output->loop, &output->timer, RETRY_MS);
	else
		loop_timer_remove(output->loop, &output->timer);
	(void) waits;
}

static Outcome
drain(LogOutput *output)
{
	Outcome		outcome = output->fd < 0 ? OUTCOME_CLOSED : write_waiting(output);

	if (outcome == OUTCOME_CLOSED)
		log_buffer_discard(&output->buffer);
	return outcome;
}

/* Where there is room that cannot be had, it is not asked for at once again. */
static void
has_room(void *context, short revents)
{
	LogOutput  *output = context;
	size_t		start = output->buffer.start;
	Outcome		outcome = drain(output);

	(void) revents;
	if (outcome == OUTCOME_NO_ROOM && output->buffer.start == start)
		outcome = OUTCOME_FAILED;
	wait_until(output, outcome);
}

static void
try_again(void *context)
{
	LogOutput  *output = context;

	wait_until(output, drain(output));
}

/* --- what kind of file --- */

static int
open_again(int fd)
{
	char		path[32];

	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void
choose_way(LogOutput *output, int fd)
{
	struct stat status;
	int			own_fd;

	output->fd = fd;
	output->owns_fd = false;
	output->way = LOG_WAY_ASK;
	if (fd < 0 || fstat(fd, &status) != 0)
		return;
	if (S_ISSOCK(status.st_mode))
		output->way = LOG_WAY_SEND;
	else if (S_ISREG(status.st_mode))
		output->way = LOG_WAY_WRITE;
	else if ((own_fd = open_again(fd)) >= 0)
	{
		output->fd = own_fd;
		output->owns_fd = true;
		output->way = LOG_WAY_WRITE;
	}
}

static bool
is_same_file(int one_fd, int other_fd)
{
	struct stat one;
	struct stat other;

	return fstat(one_fd, &one) == 0 && fstat(other_fd, &other) == 0 &&
		one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/*
 * What can still be written there is; no line is torn between two files.
 * "next_fd" is what comes after it.
 */
static void
leave_fd(LogOutput *output, int next_fd)
{
	(void) drain(output);
	if (!is_same_file(output->fd, next_fd))
		log_buffer_discard_torn(&output->buffer);
	stop_waiting(output);
	if (output->owns_fd)
		(void) close(output->fd);
	output->owns_fd = false;
	output->fd = -1;
}

/* --- the interface --- */

void
log_output_init(LogOutput *output, int fd, LogNotice notice, void *context)
{
	memset(output, 0, sizeof(*output));
	output->notice = notice;
	output->notice_context = context;
	loop_watch_init(&output->watch, has_room, output);
	loop_timer_init(&output->timer, try_again, output);
	choose_way(output, fd);
}

void
log_output_set_loop(LogOutput *output, Loop *loop)
{
	stop_waiting(output);
	output->loop = loop;
	if (!log_buffer_is_empty(&output->buffer))
		try_again(output);
}

bool
log_output_open_file(LogOutput *output, const char *path)
{
	int			fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
						  S_IRUSR | S_IWUSR | S_IRGRP);

	if (fd < 0)
		return false;
	leave_fd(output, fd);
	output->fd = fd;
	output->owns_fd = true;
	output->way = LOG_WAY_WRITE;
	try_again(output);
	return true;
}

void
log_output_use(LogOutput *output, int fd)
{
	leave_fd(output, fd);
	choose_way(output, fd);
	try_again(output);
}

void
log_output_write(LogOutput *output, const char *line, size_t line_bytes)
{
	append_notice(output);
	log_buffer_append(&output->buffer, line, line_bytes);
	/* the loop says when a pipe has room again */
	if (output->watch.slot < 0)
		wait_until(output, drain(output));
}

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
log_output_flush(LogOutput *output, int64_t max_wait_ms)
{
	int64_t		end_ms = monotonic_ms() + max_wait_ms;
	int64_t		left_ms = max_wait_ms;

	append_notice(output);
	while (drain(output) == OUTCOME_NO_ROOM && left_ms > 0)
	{
		struct pollfd room = {.fd = output->fd,.events = POLLOUT};

		(void) poll(&room, 1, (int) left_ms);
		left_ms = end_ms - monotonic_ms();
	}
}

void
log_output_close(LogOutput *output)
{
	log_output_set_loop(output, NULL);
	leave_fd(output, -1);
}
