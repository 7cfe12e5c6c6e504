/*-------------------------------------------------------------------------
 *
 * journal_source.c
 *	  One target's session with the journal: docs/protocol.md over an
 *	  asynchronous libpq connection.
 *
 * A session goes through its operations one at a time: connecting, setting
 * up, preparing, and then those of the caller.  Whatever fails ends the
 * session: begin_failure() logs and closes, and "lost" follows from the loop.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_source.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/journal_deadline.h"
#include "journal/journal_operation.h"
#include "journal/journal_report.h"
#include "journal/journal_route.h"
#include "journal/journal_source_internal.h"
#include "journal/journal_wire.h"

struct JournalSource
{
	Loop	   *loop;			/* borrowed */
	const char *dsn;			/* borrowed */
	const char *alias;			/* borrowed */
	JournalListeners listeners;

	JournalWire wire;
	JournalOperation operation;
	JournalReport report;
	JournalRoute route;			/* where to connect to */
	int			last_pid;		/* of the server's process for the last
								 * session; 0 before any */
	JournalDeadline deadline;
	LoopTimer	lost_timer;		/* carries a failure into the loop */
	char	   *offsets;		/* owned, NULL if there are none; see
								 * journal_source_internal.h */
};

/* --- failures --- */

static void
close_session(JournalSource *source)
{
	journal_wire_close(&source->wire);
	journal_deadline_cancel(&source->deadline);
	source->operation = JOURNAL_OPERATION_CLOSED;
}

static void
tell_lost(const JournalSource *source)
{
	source->listeners.owner->lost(source->listeners.owner_context);
}

static void start_session(JournalSource *source);

/* Until a session is set up, another address of the same host may be better. */
static void
go_on(void *context)
{
	JournalSource *source = context;

	if (journal_route_has_next(&source->route))
		start_session(source);
	else
		tell_lost(source);
}

/* After the report. */
static void
end_session(JournalSource *source)
{
	if (!journal_route_has_next(&source->route))
		journal_route_pass_host(&source->route);
	close_session(source);

	/* an exhausted heap leaves nothing better than to tell at once */
	if (!loop_timer_set(source->loop, &source->lost_timer, 0))
		tell_lost(source);
}

static void
begin_failure(JournalSource *source, JournalFailure cause, const char *error)
{
	journal_report_failure(&source->report, source->wire.conn, source->operation, cause, "",
						   error);
	end_session(source);
}

/* Without a word from the server. */
static void
begin_silent_failure(JournalSource *source, const char *error)
{
	begin_failure(source, JOURNAL_FAILURE_CONNECTION, error);
}

static void
fail_wire(JournalSource *source, JournalWireState state)
{
	if (state == JOURNAL_WIRE_NO_MEMORY)
	{
		begin_silent_failure(source, "out of memory");
		return;
	}
	journal_report_broken(&source->report, source->wire.conn, source->operation,
						  source->wire.result);
	end_session(source);
}

static void
deadline_passed(void *context)
{
	begin_silent_failure(context, "no reply before the deadline");
}

/* --- sending --- */

/* Common end of all sending functions. */
static void
begin_operation(JournalSource *source, JournalOperation operation, bool sent)
{
	JournalWireState state = sent ? JOURNAL_WIRE_DONE : JOURNAL_WIRE_BROKEN;

	source->operation = operation;
	if (sent && !journal_deadline_begin(&source->deadline, operation))
		state = JOURNAL_WIRE_NO_MEMORY;
	if (state == JOURNAL_WIRE_DONE)
		state = journal_wire_flush(&source->wire);
	if (state != JOURNAL_WIRE_DONE)
		fail_wire(source, state);
}

static void
start_prepare(JournalSource *source, JournalOperation operation,
			  JournalOperation prepared)
{
	begin_operation(source, operation,
					journal_operation_send_prepare(source->wire.conn, prepared));
}

/* --- setting up --- */

static void
start_setting_up(JournalSource *source)
{
	begin_operation(source, JOURNAL_OPERATION_SETTING_UP,
					journal_operation_send_setup(source->wire.conn, source->alias,
												 source->last_pid));
}

static void
finish_setting_up(JournalSource *source)
{
	if (!journal_operation_is_direct(source->wire.conn, source->wire.result))
	{
		begin_silent_failure(source, "there is a connection pooler in front of the server: the dsn must name PostgreSQL itself");
		return;
	}
	source->last_pid = PQbackendPID(source->wire.conn);
	start_prepare(source, JOURNAL_OPERATION_PREPARING_FETCH, JOURNAL_OPERATION_FETCH);
}

/* --- receiving --- */

/* The operation under way has ended well; what it left is in wire.result. */
static void
finish_operation(JournalSource *source)
{
	JournalOperation operation = source->operation;
	PGresult   *result;
	const char *problem;

	journal_deadline_end(&source->deadline);
	journal_report_done(&source->report, operation);
	switch (operation)
	{
		case JOURNAL_OPERATION_SETTING_UP:
			finish_setting_up(source);
			return;
		case JOURNAL_OPERATION_PREPARING_FETCH:
			start_prepare(source, JOURNAL_OPERATION_PREPARING_ACK, JOURNAL_OPERATION_ACK);
			return;
		case JOURNAL_OPERATION_PREPARING_ACK:
			source->operation = JOURNAL_OPERATION_IDLE;
			journal_route_end(&source->route);
			source->listeners.owner->connected(source->listeners.owner_context);
			return;
		default:
			break;
	}

	/* the answer's callback may start the next operation, or disconnect */
	result = journal_wire_detach_result(&source->wire);
	source->operation = JOURNAL_OPERATION_IDLE;
	problem = "the server sent no rows";
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		problem = journal_operation_traits(operation)->read(result, &source->listeners);
	PQclear(result);
	if (problem != NULL)
	{
		source->operation = operation;
		begin_failure(source, JOURNAL_FAILURE_ANSWER, problem);
	}
}

static void
take_answers(JournalSource *source)
{
	while (journal_operation_is_asked(source->operation))
	{
		JournalWireState state = journal_wire_take_answer(&source->wire);

		if (state == JOURNAL_WIRE_AWAITED)
			return;
		if (state == JOURNAL_WIRE_DONE)
			finish_operation(source);
		else
			fail_wire(source, state);
	}
}

static void
poll_connection(JournalSource *source)
{
	JournalWireState state = journal_wire_poll(&source->wire);

	if (state == JOURNAL_WIRE_DONE)
	{
		journal_deadline_end(&source->deadline);
		start_setting_up(source);
	}
	else if (state != JOURNAL_WIRE_AWAITED)
		fail_wire(source, state);
}

static void
continue_session(JournalSource *source)
{
	JournalWireState state = journal_wire_receive(&source->wire);

	if (state != JOURNAL_WIRE_DONE)
	{
		fail_wire(source, state);
		return;
	}
	journal_deadline_take_bytes(&source->deadline);
	take_answers(source);
	if (source->wire.conn != NULL && journal_wire_take_bells(&source->wire))
		source->listeners.worker->rung(source->listeners.worker_context);
}

static void
socket_ready(void *context, short revents)
{
	JournalSource *source = context;

	(void) revents;				/* libpq finds out by itself */
	if (source->operation == JOURNAL_OPERATION_CONNECTING)
		poll_connection(source);
	else
		continue_session(source);
}

/* Connects to what the route leads to next. */
static void
start_session(JournalSource *source)
{
	JournalWireState state;

	source->operation = JOURNAL_OPERATION_CONNECTING;
	journal_report_begin(&source->report);
	state = journal_wire_connect(&source->wire, journal_route_next(&source->route));
	/* libpq quotes a dsn that it cannot parse, passwords included */
	if (state == JOURNAL_WIRE_BROKEN && !journal_conninfo_is_valid(source->dsn))
		begin_silent_failure(source, "the dsn is not a valid connection string");
	else if (state != JOURNAL_WIRE_AWAITED)
		fail_wire(source, state);
	else if (!journal_deadline_begin(&source->deadline, source->operation))
		begin_silent_failure(source, "out of memory");
	else
		journal_report_watch(&source->report, source->wire.conn);
}

static void
found_addresses(void *context, const char *problem)
{
	JournalSource *source = context;

	if (problem != NULL)
		begin_silent_failure(source, problem);
	else
		start_session(source);
}

/* --- the interface --- */

JournalSource *
journal_source_create(Loop *loop, const Log *log, const char *dsn, const char *alias,
					  const JournalSessionEvents *events, void *context)
{
	JournalSource *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	source->loop = loop;
	source->dsn = dsn;
	source->alias = alias;
	source->listeners.owner = events;
	source->listeners.owner_context = context;
	source->operation = JOURNAL_OPERATION_CLOSED;
	journal_report_init(&source->report, loop, log, alias, &source->route);
	journal_wire_init(&source->wire, loop, socket_ready, source);
	journal_route_init(&source->route, loop, dsn, alias, found_addresses, source);
	journal_deadline_init(&source->deadline, loop, deadline_passed, source);
	loop_timer_init(&source->lost_timer, go_on, source);
	return source;
}

void
journal_source_set_worker(JournalSource *source, const JournalWorkEvents *events,
						  void *context)
{
	source->listeners.worker = events;
	source->listeners.worker_context = context;
}

void
journal_source_set_counters(JournalSource *source, JournalCounters *counters)
{
	source->report.counters = counters;
}

void
journal_source_destroy(JournalSource *source)
{
	if (source == NULL)
		return;
	journal_source_disconnect(source);
	journal_route_free(&source->route);
	free(source->offsets);
	free(source);
}

void
journal_source_connect(JournalSource *source)
{
	const char *problem = NULL;

	source->operation = JOURNAL_OPERATION_CONNECTING;
	if (journal_route_begin(&source->route, JOURNAL_DEADLINE_CONNECT_MS,
							&problem) != JOURNAL_ROUTE_AWAITED)
		found_addresses(source, problem);
}

void
journal_source_disconnect(JournalSource *source)
{
	loop_timer_remove(source->loop, &source->lost_timer);
	journal_route_end(&source->route);
	close_session(source);
}

int
journal_source_backend_pid(const JournalSource *source)
{
	return source->last_pid;
}

void
journal_source_succeed(JournalSource *source, int backend_pid)
{
	source->last_pid = backend_pid;
}

bool
journal_source_is_idle(const JournalSource *source)
{
	return source->operation == JOURNAL_OPERATION_IDLE;
}

bool
journal_source_owes_nothing(const JournalSource *source)
{
	return journal_report_owes_nothing(&source->report);
}

void
journal_source_end_failures(JournalSource *source)
{
	journal_report_end(&source->report);
}

/* --- for journal_request.c --- */

void
journal_source_request(JournalSource *source, JournalOperation operation, int parameter_count,
					   const char *const *parameters)
{
	begin_operation(source, operation,
					journal_operation_send(source->wire.conn, operation,
										   parameter_count, parameters));
}

const char *
journal_source_alias(const JournalSource *source)
{
	return source->alias;
}

void
journal_source_keep_offsets(JournalSource *source, char *offsets)
{
	free(source->offsets);
	source->offsets = offsets;
}

const char *
journal_source_offsets(const JournalSource *source)
{
	return source->offsets;
}
