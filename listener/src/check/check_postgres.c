/*-------------------------------------------------------------------------
 *
 * check_postgres.c
 *	  Is PostgreSQL what the daemon needs, and what does it say of targets?
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_postgres.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_acl.h"
#include "check/check_ask.h"
#include "check/check_session.h"
#include "journal/journal_operation.h"

#define OLDEST_VERSION 130000

/* A session, and where to report. */
typedef struct Check
{
	const Config *config;		/* borrowed */
	CheckReport *report;		/* borrowed */
	PGconn	   *conn;			/* owned */
} Check;

/* The functions of docs/protocol.md, as pg_proc has them. */
static const char protocol_functions[] =
"{\"attach(text, text, text, bigint, text, bigint, text, text)\","
"\"fetch(text, text, integer, boolean)\","
"\"fetch_until(text, text, integer, text)\","
"\"ack(text, text, bigint)\","
"\"resync_keys(text)\","
"\"resynced(text)\","
"\"standbys(text, text[], boolean)\","
"\"report_late(text, text[])\","
"\"trim()\"}";

/* Those of a Redis Cluster. */
static const char cluster_functions[] =
"{\"attach_cluster(text, jsonb, text)\","
"\"ack_cluster(text, text, jsonb)\"}";

static const char setup_sql[] =
"SET search_path = pg_catalog, pg_temp;"
"SET default_transaction_read_only = on;"
"SET statement_timeout = '5s';"
"SET lock_timeout = '2s';"
"SELECT pg_catalog.pg_backend_pid()";

static const char server_sql[] =
"SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(), current_user,"
" r.rolconnlimit, pg_catalog.current_setting('max_connections')::int"
" - pg_catalog.current_setting('superuser_reserved_connections')::int,"
" pg_catalog.pg_is_in_recovery()"
" FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

static const char extension_sql[] =
"SELECT e.extversion, pg_catalog.has_schema_privilege(e.extnamespace, 'USAGE')"
" FROM pg_catalog.pg_extension e WHERE e.extname = 'uncache'";

/* By the catalog: names could not even be looked up without USAGE. */
static const char functions_sql[] =
"SELECT f.signature, p.oid IS NOT NULL,"
" coalesce(pg_catalog.has_function_privilege(p.oid, 'EXECUTE'), false)"
" FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS f(signature, place)"
" LEFT JOIN (pg_catalog.pg_proc p JOIN pg_catalog.pg_extension e"
"  ON e.extnamespace = p.pronamespace AND e.extname = 'uncache')"
" ON p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' = f.signature"
" ORDER BY f.place";

static const char targets_sql[] =
"SELECT target, pg_catalog.array_to_string(actions, ','), coalesce(state, ''), worker_pid IS NOT NULL"
" FROM uncache.targets() ORDER BY target";

/* --- asking --- */

/* To be cleared by the caller; whatever came of it, or NULL.  A text as $1, or NULL. */
static PGresult *
query(const Check *check, const char *sql, const char *parameter)
{
	return check_ask(check->conn, sql, &parameter, parameter != NULL ? 1 : 0);
}

/* Rows to be cleared by the caller, or NULL, which was reported. */
static PGresult *
ask(const Check *check, const char *doing, const char *sql, const char *parameter)
{
	PGresult   *result = query(check, sql, parameter);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	check_report_say(check->report, CHECK_MISSING, check_ask_advice(check->conn, result),
					 "%s: %s", doing, check_ask_error(check->conn, result));
	PQclear(result);
	return NULL;
}

static bool
is_true(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

/* --- connecting --- */

static bool
open_session(Check *check)
{
	PGresult   *result;
	bool		is_direct;

	check->conn = check_session_open(check->config->dsn, check->report);
	if (check->conn == NULL)
		return false;
	result = ask(check, "setting up the session", setup_sql, NULL);
	if (result == NULL)
		return false;
	is_direct = journal_operation_is_direct(check->conn, result);
	PQclear(result);
	if (!is_direct)
		check_report_say(check->report, CHECK_MISSING, "put the address of PostgreSQL itself into the dsn",
						 "there is a connection pooler in front of the server");
	return is_direct;
}

/* --- the server --- */

static void
check_sessions(const Check *check, int role_limit, int server_limit)
{
	int			needed = (int) check->config->target_count;

	if (role_limit >= 0 && role_limit < needed)
		check_report_say(check->report, CHECK_MISSING, "raise it: ALTER ROLE ... CONNECTION LIMIT",
						 "the role may have %d sessions, and %d targets need one each",
						 role_limit, needed);
	else if (server_limit < needed)
		check_report_say(check->report, CHECK_MISSING, "raise max_connections",
						 "the server allows %d sessions, and %d targets need one each",
						 server_limit, needed);
	else
		check_report_say(check->report, CHECK_OK, "", "a session for each target is allowed: %d",
						 needed);
}

static bool
check_server(const Check *check)
{
	PGresult   *result = ask(check, "asking for the version", server_sql, NULL);
	bool		is_known = result != NULL && PQntuples(result) == 1;

	if (is_known)
	{
		check_report_say(check->report, CHECK_OK, "",
						 "reachable: PostgreSQL %s, database %s, role %s",
						 PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
						 PQgetvalue(result, 0, 2));
		if (is_true(result, 0, 5))
			check_report_say(check->report, CHECK_MISSING, CHECK_SESSION_PRIMARY_ADVICE,
							 "the server is a standby");
		else
			check_report_say(check->report, CHECK_OK, "", "the server accepts writes");
		if (PQserverVersion(check->conn) < OLDEST_VERSION)
			check_report_say(check->report, CHECK_MISSING, "upgrade PostgreSQL",
							 "uncache needs PostgreSQL 13 or later");
		check_sessions(check, (int) strtol(PQgetvalue(result, 0, 3), NULL, 10),
					   (int) strtol(PQgetvalue(result, 0, 4), NULL, 10));
	}
	PQclear(result);
	return is_known;
}

/* --- the extension --- */

/* "0.2" is the extension's version for every daemon of version 0.2.x. */
static bool
is_version_of(const char *extension, const char *daemon)
{
	size_t		length = strlen(extension);

	return strncmp(extension, daemon, length) == 0 &&
		(daemon[length] == '\0' || daemon[length] == '.');
}

static bool
check_extension(const Check *check)
{
	PGresult   *result = ask(check, "looking for the extension", extension_sql, NULL);
	bool		is_usable = false;

	if (result == NULL)
		return false;
	if (PQntuples(result) == 0)
		check_report_say(check->report, CHECK_MISSING, "a superuser must run: CREATE EXTENSION uncache",
						 "the extension uncache is not installed in this database");
	else
	{
		const char *version = PQgetvalue(result, 0, 0);
		bool		is_same = is_version_of(version, UNCACHED_VERSION);

		check_report_say(check->report, is_same ? CHECK_OK : CHECK_UNKNOWN,
						 is_same ? "" : "upgrade the older one of the two",
						 "the extension has version %s, the daemon %s", version,
						 UNCACHED_VERSION);
		is_usable = is_true(result, 0, 1);
		if (!is_usable)
			check_report_say(check->report, CHECK_MISSING,
							 "a superuser must run: SELECT uncache.grant_consumer('<this role>')",
							 "the role may not use the schema uncache");
	}
	PQclear(result);
	return is_usable;
}

static bool
has_cluster(const Config *config)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (config->targets[i].url.node_count > 0)
			return true;
	return false;
}

static void
check_functions(const Check *check, const char *signatures)
{
	PGresult   *result = ask(check, "looking for functions", functions_sql, signatures);

	for (int i = 0; i < PQntuples(result); i++)
	{
		const char *signature = PQgetvalue(result, i, 0);

		if (!is_true(result, i, 1))
			check_report_say(check->report, CHECK_MISSING,
							 "upgrade the older one of extension and daemon",
							 "the extension has no function uncache.%s", signature);
		else if (!is_true(result, i, 2))
			check_report_say(check->report, CHECK_MISSING,
							 "a superuser must run: SELECT uncache.grant_consumer('<this role>')",
							 "the role may not execute uncache.%s", signature);
		else
			check_report_say(check->report, CHECK_OK, "", "the role may execute uncache.%s",
							 signature);
	}
	PQclear(result);
}

/* --- targets --- */

static bool
take_target(const PGresult *result, int row, CheckTarget *target)
{
	char	   *actions = strdup(PQgetvalue(result, row, 1));
	char	   *rest = actions;
	char	   *action;

	target->alias = strdup(PQgetvalue(result, row, 0));
	target->state = strdup(PQgetvalue(result, row, 2));
	target->has_worker = is_true(result, row, 3);
	if (actions == NULL || target->alias == NULL || target->state == NULL)
	{
		free(actions);
		return false;
	}
	target->has_rules = *actions != '\0';
	while ((action = strsep(&rest, ",")) != NULL)
		target->needs |= check_acl_needs_of(action);
	free(actions);
	return true;
}

static void
take_targets(const Check *check, const PGresult *result, CheckTargets *targets)
{
	int			count = PQntuples(result);

	targets->targets = calloc((size_t) count + 1, sizeof(*targets->targets));
	targets->are_known = targets->targets != NULL;
	for (int i = 0; targets->are_known && i < count; i++)
	{
		targets->are_known = take_target(result, i, &targets->targets[i]);
		targets->target_count++;
	}
	if (!targets->are_known)
		check_report_say(check->report, CHECK_UNKNOWN, "", "what rules name: out of memory");
}

static void
look_for_targets(const Check *check, CheckTargets *targets)
{
	PGresult   *result = query(check, targets_sql, NULL);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		take_targets(check, result, targets);
	else
		check_report_say(check->report, CHECK_UNKNOWN,
						 "SELECT uncache.grant_consumer('<this role>') lets the role ask",
						 "which targets rules name, and how far their consumers are: %s",
						 check_ask_error(check->conn, result));
	PQclear(result);
}

void
check_postgres(const Config *config, CheckReport *report, CheckTargets *targets)
{
	Check		check = {.config = config,.report = report};

	memset(targets, 0, sizeof(*targets));
	check_report_subject(report, "postgres", NULL);
	if (open_session(&check) && check_server(&check) && check_extension(&check))
	{
		check_functions(&check, protocol_functions);
		if (has_cluster(config))
			check_functions(&check, cluster_functions);
		look_for_targets(&check, targets);
	}
	PQfinish(check.conn);
}

void
check_postgres_reset(CheckTargets *targets)
{
	for (size_t i = 0; i < targets->target_count; i++)
	{
		free(targets->targets[i].alias);
		free(targets->targets[i].state);
	}
	free(targets->targets);
	memset(targets, 0, sizeof(*targets));
}

const CheckTarget *
check_postgres_find(const CheckTargets *targets, const char *alias)
{
	for (size_t i = 0; i < targets->target_count; i++)
		if (strcmp(targets->targets[i].alias, alias) == 0)
			return &targets->targets[i];
	return NULL;
}
