/*-------------------------------------------------------------------------
 *
 * tail_command.c
 *	  --tail: prints what is invalidated, until a signal or the reader ends it.
 *
 * It looks some times a second.  While the reader does not read, it waits outside of any
 * transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "status/tail_command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/standard_streams.h"
#include "batch/glob.h"
#include "check/tail_source.h"
#include "status/shown_text.h"
#include "status/tail_line.h"

#define IDLE_WAIT_MS 200
#define BUSY_WAIT_MS 20
#define RETRY_WAIT_MS 1000

typedef struct Tail
{
	const Config *config;		/* borrowed */
	FILE	   *stream;			/* borrowed */
	FILE	   *problems;		/* borrowed */
	TailSource *source;			/* owned */
} Tail;

static volatile sig_atomic_t is_ended = 0;

static void
handle_signal(int signal_number)
{
	(void) signal_number;
	is_ended = 1;
}

/* Without SA_RESTART: what blocks is left. */
static bool
catch_signals(void)
{
	struct sigaction action = {.sa_handler = handle_signal};

	(void) sigemptyset(&action.sa_mask);
	return standard_streams_ignore_signals() && sigaction(SIGINT, &action, NULL) == 0 &&
		sigaction(SIGTERM, &action, NULL) == 0;
}

/* What stands for all keys is shown with any filter. */
static bool
is_wanted(const Tail *tail, const TailRow *row)
{
	const char *filter = tail->config->filter;

	return filter == NULL || row->key_bytes == 0 ||
		glob_match(filter, strlen(filter), row->key, row->key_bytes);
}

static void
take(void *context, const TailRow *row)
{
	const Tail *tail = context;

	if (is_wanted(tail, row) && !ferror(tail->stream))
		tail_line_print(tail->stream, row, tail->config->json);
}

static void
take_gap(void *context, const char *reason)
{
	const Tail *tail = context;
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	tail_line_print_gap(tail->stream, (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000, reason,
						tail->config->json);
}

/* A reader who is gone is noticed although nothing is written. */
static bool
is_reader_gone(const Tail *tail, int wait_ms)
{
	struct pollfd entry = {.fd = fileno(tail->stream),.events = 0};

	return poll(&entry, 1, wait_ms) > 0 && (entry.revents & (POLLERR | POLLHUP)) != 0;
}

/* False if it is to end. */
static bool
wait_for(const Tail *tail, int wait_ms)
{
	return !is_reader_gone(tail, wait_ms) && !is_ended;
}

static void
say(const Tail *tail, const char *problem)
{
	(void) fputs("uncached: ", tail->problems);
	shown_text_print(tail->problems, problem, strlen(problem));
	(void) fputs("; trying again\n", tail->problems);
	(void) fflush(tail->problems);
}

/* Until there is a session again; false if it is to end. */
static bool
connect_again(const Tail *tail, char *problem)
{
	char		said[LOOK_PROBLEM_BYTES] = "";

	do
	{
		if (strcmp(said, problem) != 0)
			say(tail, problem);
		(void) snprintf(said, sizeof(said), "%s", problem);
		if (!wait_for(tail, RETRY_WAIT_MS))
			return false;
	} while (!tail_source_connect(tail->source, problem));
	return true;
}

/* Until it is to end. */
static void
follow(const Tail *tail)
{
	char		problem[LOOK_PROBLEM_BYTES];
	bool		goes_on = true;

	while (goes_on)
	{
		TailOutcome outcome = tail_source_look(tail->source, problem);

		if (is_ended || fflush(tail->stream) != 0 || ferror(tail->stream))
			return;
		if (outcome == TAIL_FAILED)
			goes_on = connect_again(tail, problem);
		else
			goes_on = wait_for(tail, outcome == TAIL_MUCH ? BUSY_WAIT_MS : IDLE_WAIT_MS);
	}
}

static bool
run(Tail *tail, char *problem)
{
	(void) setvbuf(tail->stream, NULL, _IOLBF, 0);
	if (!tail_source_connect(tail->source, problem))
		return is_ended != 0;
	follow(tail);
	if (!ferror(tail->stream) || is_ended || is_reader_gone(tail, 0))
		return true;
	(void) snprintf(problem, TAIL_PROBLEM_BYTES, "cannot write to standard output");
	return false;
}

bool
tail_command_run(const Config *config, FILE *stream, FILE *problems, char problem[TAIL_PROBLEM_BYTES])
{
	Tail		tail = {.config = config,.stream = stream,.problems = problems};
	const TailReader reader = {take, take_gap, &tail};
	bool		is_well;

	tail.source = tail_source_create(config->dsn, &reader);
	if (tail.source == NULL || !catch_signals())
	{
		(void) snprintf(problem, TAIL_PROBLEM_BYTES, "%s", strerror(errno));
		is_well = false;
	}
	else
		is_well = run(&tail, problem);
	tail_source_destroy(tail.source);
	return is_well;
}
