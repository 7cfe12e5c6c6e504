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
#include <string.h>

#include "config/config.h"
#include "journal/journal_deadline.h"
#include "journal/journal_operation.h"
#include "journal/journal_report.h"
#include "journal/journal_request.h"
#include "journal/journal_route.h"
#include "journal/journal_wire.h"

#define NAME_BYTES (sizeof("uncached/") + CONFIG_ALIAS_MAX)

struct JournalSource
{
	Loop	   *loop;			/* borrowed */
	const char *dsn;			/* borrowed */
	const char *target;			/* borrowed */
	const JournalEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */
	char		application_name[NAME_BYTES];

	JournalWire wire;
	PGresult   *result;			/* owned; of the operation under way, or NULL */
	JournalOperation operation;
	JournalReport report;
	JournalRoute route;			/* where to connect to */
	int			last_pid;		/* of the server's process for the last
								 * session; 0 before any */
	JournalDeadline deadline;
	LoopTimer	lost_timer;		/* carries a failure into the loop */
};

/* --- failures --- */

static void
close_session(JournalSource *source)
{
	journal_wire_close(&source->wire);
	journal_deadline_cancel(&source->deadline);
	PQclear(source->result);
	source->result = NULL;
	source->operation = JOURNAL_OPERATION_CLOSED;
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
		source->events->lost(source->context);
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
		source->events->lost(source->context);
}

static void
begin_failure(JournalSource *source, JournalFailure cause, const char *sqlstate,
			  const char *error)
{
	journal_report_failure(&source->report, source->wire.conn, source->operation, cause, sqlstate,
						   error);
	end_session(source);
}

/* Without a word from the server. */
static void
begin_silent_failure(JournalSource *source, const char *error)
{
	begin_failure(source, JOURNAL_FAILURE_CONNECTION, "", error);
}

static void
fail_connection(JournalSource *source)
{
	journal_report_broken(&source->report, source->wire.conn, source->operation);
	end_session(source);
}

static void
fail_wire(JournalSource *source, JournalWireState state)
{
	if (state == JOURNAL_WIRE_NO_MEMORY)
		begin_silent_failure(source, "out of memory");
	else
		fail_connection(source);
}

/* libpq quotes the dsn where it cannot parse it, passwords included. */
static void
fail_start(JournalSource *source)
{
	if (journal_conninfo_is_valid(source->dsn))
		fail_connection(source);
	else
		begin_silent_failure(source, "the dsn is not a valid connection string");
}

static void
fail_result(JournalSource *source, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (primary != NULL)
		begin_failure(source, JOURNAL_FAILURE_SERVER, sqlstate != NULL ? sqlstate : "",
					  primary);
	else
		fail_connection(source);
}

static void
deadline_passed(void *context)
{
	begin_silent_failure(context, "no answer before the deadline");
}

/* --- sending --- */

static bool
flush_session(JournalSource *source)
{
	JournalWireState state = journal_wire_flush(&source->wire);

	if (state != JOURNAL_WIRE_DONE)
		fail_wire(source, state);
	return state == JOURNAL_WIRE_DONE;
}

/* Common end of all sending functions. */
static void
begin_operation(JournalSource *source, JournalOperation operation, bool sent)
{
	source->operation = operation;
	if (!sent)
		fail_connection(source);
	else if (!journal_deadline_begin(&source->deadline, source->operation))
		begin_silent_failure(source, "out of memory");
	else
		(void) flush_session(source);
}

void
journal_request_start(JournalSource *source, JournalOperation operation,
					  int parameter_count, const char *const *parameters)
{
	begin_operation(source, operation,
					journal_operation_send(source->wire.conn, operation,
										   parameter_count, parameters));
}

static void
start_prepare(JournalSource *source, JournalOperation operation,
			  JournalOperation prepared)
{
	begin_operation(source, operation,
					journal_operation_send_prepare(source->wire.conn, prepared));
}

const char *
journal_request_target(const JournalSource *source)
{
	return source->target;
}

/* --- setting up --- */

static void
start_setting_up(JournalSource *source)
{
	begin_operation(source, JOURNAL_OPERATION_SETTING_UP,
					journal_operation_send_setup(source->wire.conn, source->target,
												 source->last_pid));
}

static void
finish_setting_up(JournalSource *source)
{
	if (!journal_operation_is_direct(source->wire.conn, source->result))
	{
		begin_silent_failure(source, "a pooling proxy stands in front of the server: "
							 "the dsn must name PostgreSQL itself");
		return;
	}
	source->last_pid = PQbackendPID(source->wire.conn);
	start_prepare(source, JOURNAL_OPERATION_PREPARING_FETCH, JOURNAL_OPERATION_FETCH);
}

/* --- receiving --- */

/* The operation under way has ended well; what it left is in source->result. */
static void
finish_operation(JournalSource *source)
{
	JournalOperation operation = source->operation;
	PGresult   *result = source->result;
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
			source->events->connected(source->context);
			return;
		default:
			break;
	}

	/* the answer's callback may start the next operation, or disconnect */
	source->result = NULL;
	source->operation = JOURNAL_OPERATION_IDLE;
	problem = "the server sent no rows";
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		problem = journal_operation_traits(operation)->read(result, source->events,
															source->context);
	PQclear(result);
	if (problem != NULL)
	{
		source->operation = operation;
		begin_failure(source, JOURNAL_FAILURE_ANSWER, "", problem);
	}
}

/* Takes one result of the operation; false if it failed. */
static bool
take_result(JournalSource *source, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
	{
		fail_result(source, result);
		PQclear(result);
		return false;
	}
	PQclear(source->result);
	source->result = result;
	return true;
}

static bool
has_operation(const JournalSource *source)
{
	return source->operation > JOURNAL_OPERATION_CONNECTING && source->operation != JOURNAL_OPERATION_IDLE;
}

static void
take_results(JournalSource *source)
{
	while (has_operation(source) && !PQisBusy(source->wire.conn))
	{
		PGresult   *result = PQgetResult(source->wire.conn);

		if (result == NULL)
			finish_operation(source);
		else if (!take_result(source, result))
			return;
	}
}

static void
poll_connection(JournalSource *source)
{
	JournalWireState state = journal_wire_poll(&source->wire);

	if (state == JOURNAL_WIRE_AWAITED)
		return;
	if (state != JOURNAL_WIRE_DONE)
	{
		fail_wire(source, state);
		return;
	}
	journal_deadline_end(&source->deadline);
	start_setting_up(source);
}

static void
continue_session(JournalSource *source)
{
	if (PQconsumeInput(source->wire.conn) == 0)
	{
		fail_connection(source);
		return;
	}
	journal_deadline_take_bytes(&source->deadline);
	if (!flush_session(source))
		return;
	take_results(source);
	if (source->wire.conn != NULL && journal_wire_take_bells(&source->wire))
		source->events->rung(source->context);
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
	if (state == JOURNAL_WIRE_BROKEN)
		fail_start(source);
	else if (state == JOURNAL_WIRE_NO_MEMORY ||
			 !journal_deadline_begin(&source->deadline, source->operation))
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
journal_source_create(Loop *loop, const Log *log, const char *dsn, const char *target,
					  const JournalEvents *events, void *context)
{
	JournalSource *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	source->loop = loop;
	source->dsn = dsn;
	source->target = target;
	source->events = events;
	source->context = context;
	source->operation = JOURNAL_OPERATION_CLOSED;
	(void) snprintf(source->application_name, sizeof(source->application_name),
					"uncached/%s", target);
	journal_report_init(&source->report, loop, log, target, &source->route);
	journal_wire_init(&source->wire, loop, socket_ready, source);
	journal_route_init(&source->route, loop, dsn, source->application_name,
					   found_addresses, source);
	journal_deadline_init(&source->deadline, loop, deadline_passed, source);
	loop_timer_init(&source->lost_timer, go_on, source);
	return source;
}

void
journal_source_destroy(JournalSource *source)
{
	if (source == NULL)
		return;
	journal_source_disconnect(source);
	journal_route_free(&source->route);
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
