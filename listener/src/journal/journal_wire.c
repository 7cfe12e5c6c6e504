/*-------------------------------------------------------------------------
 *
 * journal_wire.c
 *	  An asynchronous libpq connection on the loop: connecting, sending,
 *	  results, bells.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_wire.h"

#include <poll.h>

void
journal_wire_init(JournalWire *wire, Loop *loop, LoopWatchCallback ready, void *context)
{
	wire->loop = loop;
	wire->conn = NULL;
	wire->result = NULL;
	loop_watch_init(&wire->watch, ready, context);
}

static bool
watch(JournalWire *wire, int events)
{
	return loop_watch_set(wire->loop, &wire->watch, PQsocket(wire->conn), (short) events);
}

JournalWireState
journal_wire_connect(JournalWire *wire, const JournalConninfo *info)
{
	wire->conn = PQconnectStartParams(info->keywords, info->values, 1);
	if (wire->conn == NULL)
		return JOURNAL_WIRE_NO_MEMORY;
	if (PQstatus(wire->conn) == CONNECTION_BAD)
		return JOURNAL_WIRE_BROKEN;
	/* PQconnectPoll's documentation: first wait as if it had said so */
	return watch(wire, POLLOUT) ? JOURNAL_WIRE_AWAITED : JOURNAL_WIRE_NO_MEMORY;
}

JournalWireState
journal_wire_poll(JournalWire *wire)
{
	int			events;

	/* libpq may close the socket and open another */
	loop_watch_remove(wire->loop, &wire->watch);
	switch (PQconnectPoll(wire->conn))
	{
		case PGRES_POLLING_OK:
			return PQsetnonblocking(wire->conn, 1) == 0 ? JOURNAL_WIRE_DONE : JOURNAL_WIRE_BROKEN;
		case PGRES_POLLING_READING:
			events = POLLIN;
			break;
		case PGRES_POLLING_WRITING:
			events = POLLOUT;
			break;
		default:
			return JOURNAL_WIRE_BROKEN;
	}
	return watch(wire, events) ? JOURNAL_WIRE_AWAITED : JOURNAL_WIRE_NO_MEMORY;
}

JournalWireState
journal_wire_flush(JournalWire *wire)
{
	int			pending = PQflush(wire->conn);

	if (pending < 0)
		return JOURNAL_WIRE_BROKEN;
	return watch(wire, pending > 0 ? POLLIN | POLLOUT : POLLIN) ? JOURNAL_WIRE_DONE :
		JOURNAL_WIRE_NO_MEMORY;
}

JournalWireState
journal_wire_receive(JournalWire *wire)
{
	if (PQconsumeInput(wire->conn) == 0)
		return JOURNAL_WIRE_BROKEN;
	return journal_wire_flush(wire);
}

static void
keep_result(JournalWire *wire, PGresult *result)
{
	PQclear(wire->result);
	wire->result = result;
}

JournalWireState
journal_wire_take_answer(JournalWire *wire)
{
	while (!PQisBusy(wire->conn))
	{
		PGresult   *result = PQgetResult(wire->conn);
		ExecStatusType status = PQresultStatus(result);

		if (result == NULL)
			return JOURNAL_WIRE_DONE;
		keep_result(wire, result);
		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			return JOURNAL_WIRE_BROKEN;
	}
	return JOURNAL_WIRE_AWAITED;
}

PGresult *
journal_wire_detach_result(JournalWire *wire)
{
	PGresult   *result = wire->result;

	wire->result = NULL;
	return result;
}

/* One channel only is listened to, and the payload is trusted for nothing. */
bool
journal_wire_take_bells(JournalWire *wire)
{
	bool		has_rung = false;
	PGnotify   *notification;

	while ((notification = PQnotifies(wire->conn)) != NULL)
	{
		has_rung = true;
		PQfreemem(notification);
	}
	return has_rung;
}

void
journal_wire_close(JournalWire *wire)
{
	loop_watch_remove(wire->loop, &wire->watch);
	PQfinish(wire->conn);
	wire->conn = NULL;
	keep_result(wire, NULL);
}
