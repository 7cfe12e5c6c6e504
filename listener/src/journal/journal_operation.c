/*-------------------------------------------------------------------------
 *
 * journal_operation.c
 *	  What a journal session can be doing, and the SQL of it.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define CHANNEL_BYTES (sizeof("uncache_") + CONFIG_ALIAS_MAX)
#define SETUP_BYTES 2048

static const JournalOperationTraits operations[] = {
	[JOURNAL_OPERATION_CLOSED] = {.doing = "nothing"},
	[JOURNAL_OPERATION_CONNECTING] = {.doing = "connecting"},
	[JOURNAL_OPERATION_SETTING_UP] = {.doing = "setting up the session"},
	[JOURNAL_OPERATION_PREPARING_FETCH] = {.doing = "preparing fetch()"},
	[JOURNAL_OPERATION_PREPARING_ACK] = {.doing = "preparing ack()"},
	[JOURNAL_OPERATION_IDLE] = {.doing = "waiting"},
	[JOURNAL_OPERATION_ATTACH] = {
		"attaching",
		"SELECT state, cursor, reason FROM uncache.attach($1::text, $2::text, $3::text,"
		" $4::bigint, $5::text, $6::bigint, $7::text, $8::text)",
		NULL, journal_answer_attach
	},
	[JOURNAL_OPERATION_ATTACH_CLUSTER] = {
		"attaching for a Redis Cluster",
		"SELECT state, cursor, reason FROM uncache.attach_cluster($1::text, $2::jsonb, $3::text)",
		NULL, journal_answer_attach
	},
	[JOURNAL_OPERATION_FETCH] = {
		"fetching from the journal",
		"SELECT at, action, keys, next_cursor"
		" FROM uncache.fetch($1::text, $2::text, $3::integer, $4::boolean)",
		"uncache_fetch", journal_answer_fetch
	},
	[JOURNAL_OPERATION_FETCH_UNTIL] = {
		"fetching again from the journal",
		"SELECT at, action, keys, next_cursor"
		" FROM uncache.fetch_until($1::text, $2::text, $3::integer, $4::text)",
		NULL, journal_answer_fetch
	},
	[JOURNAL_OPERATION_ACK] = {
		"acknowledging",
		"SELECT uncache.ack($1::text, $2::text, $3::bigint)",
		"uncache_ack", journal_answer_ack
	},
	[JOURNAL_OPERATION_ACK_CLUSTER] = {
		"acknowledging for a Redis Cluster",
		"SELECT uncache.ack_cluster($1::text, $2::text, $3::jsonb)",
		NULL, journal_answer_ack
	},
	[JOURNAL_OPERATION_LIST_RESYNC] = {
		"listing what to resync",
		"SELECT action, key FROM uncache.resync_keys($1::text)",
		NULL, journal_answer_resync_keys
	},
	[JOURNAL_OPERATION_RESYNCED] = {
		"reporting the resync",
		"SELECT uncache.resynced($1::text)",
		NULL, journal_answer_resynced
	},
	[JOURNAL_OPERATION_TRIM] = {
		"trimming the journal",
		"SELECT uncache.trim()",
		NULL, journal_answer_trim
	},
	[JOURNAL_OPERATION_STANDBYS] = {
		"asking what standbys have replayed",
		"SELECT name, replayed"
		" FROM uncache.standbys($1::text, pg_catalog.string_to_array($2::text, ','), $3::boolean)",
		NULL, journal_answer_standbys
	},
	[JOURNAL_OPERATION_REPORT_LATE] = {
		"reporting late standbys",
		"SELECT uncache.report_late($1::text, pg_catalog.string_to_array($2::text, ','))",
		NULL, journal_answer_report_late
	},
};

bool
journal_operation_is_asked(JournalOperation operation)
{
	return operation > JOURNAL_OPERATION_CONNECTING && operation != JOURNAL_OPERATION_IDLE;
}

const JournalOperationTraits *
journal_operation_traits(JournalOperation operation)
{
	return &operations[operation];
}

/*
 * The protocol's settings, and those that end a session without a peer, so that
 * another one gets the consumer's lock.  A daemon that works lets something be
 * heard every ten seconds or so; idle_session_timeout exists from PostgreSQL 14
 * on, and one that was set for the role stays.  What is terminated has the same
 * role and name: at worst another daemon's session, which connects again.
 */
static const char setup_format[] =
"SET client_encoding = '%s';"
"SET search_path = pg_catalog, pg_temp;"
"SET default_transaction_isolation = 'read committed';"
"SET jit = off;"
"SET enable_seqscan = off;"
"SET synchronous_commit = local;"
"SET lock_timeout = '5s';"
"SET statement_timeout = '30s';"
"SET idle_in_transaction_session_timeout = 0;"
"SET tcp_keepalives_idle = 3;"
"SET tcp_keepalives_interval = 2;"
"SET tcp_keepalives_count = 3;"
"SET tcp_user_timeout = 9000;"
"SELECT pg_catalog.set_config(name, '30s', false) FROM pg_catalog.pg_settings"
" WHERE name = 'idle_session_timeout' AND setting = '0';"
"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
" WHERE pid = %d AND usename = current_user AND datname = current_database()"
" AND application_name = current_setting('application_name');"
"LISTEN %s;"
"SELECT pg_catalog.pg_backend_pid()";

bool
journal_operation_send_setup(PGconn *conn, const char *alias, int last_pid)
{
	const char *encoding = PQparameterStatus(conn, "server_encoding");
	bool		is_ascii = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
	char		name[CHANNEL_BYTES];
	char		sql[SETUP_BYTES];
	char	   *channel;
	int			written;

	(void) snprintf(name, sizeof(name), "uncache_%s", alias);
	channel = PQescapeIdentifier(conn, name, strlen(name));
	if (channel == NULL)
		return false;
	written = snprintf(sql, sizeof(sql), setup_format, is_ascii ? "SQL_ASCII" : "UTF8",
					   last_pid, channel);
	PQfreemem(channel);
	return written > 0 && (size_t) written < sizeof(sql) && PQsendQuery(conn, sql) == 1;
}

bool
journal_operation_send_prepare(PGconn *conn, JournalOperation prepared)
{
	const JournalOperationTraits *traits = &operations[prepared];

	return PQsendPrepare(conn, traits->statement, traits->sql, 0, NULL) == 1;
}

bool
journal_operation_send(PGconn *conn, JournalOperation operation,
					   int parameter_count, const char *const *parameters)
{
	const JournalOperationTraits *traits = &operations[operation];

	if (traits->statement != NULL)
		return PQsendQueryPrepared(conn, traits->statement, parameter_count,
								   parameters, NULL, NULL, 1) == 1;
	return PQsendQueryParams(conn, traits->sql, parameter_count, NULL, parameters,
							 NULL, NULL, 1) == 1;
}

bool
journal_operation_is_direct(const PGconn *conn, const PGresult *setup)
{
	return PQntuples(setup) == 1 && PQnfields(setup) == 1 &&
		strtol(PQgetvalue(setup, 0, 0), NULL, 10) == PQbackendPID(conn);
}
