/*-------------------------------------------------------------------------
 *
 * journal_error.c
 *	  What kinds of error end a session with PostgreSQL, and what to do about
 *	  them.
 *
 * The tables are all that the daemon knows of this.  In each the first entry
 * that fits counts, and the last one fits everything.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define RETRY JOURNAL_REACTION_RETRY
#define ALARM JOURNAL_REACTION_ALARM

#define USE_CERTIFICATES "check the certificates, and sslmode, sslrootcert, sslcert and sslkey in the dsn"
#define UNDO_ALTERATIONS \
	"undo the changes to the tables of extension uncache; if it was upgraded, ALTER EXTENSION uncache UPDATE"
#define NO_EXTENSION \
	"the extension uncache is not installed in this database, or too old: CREATE EXTENSION uncache," \
	" or ALTER EXTENSION uncache UPDATE"
#define NO_WRITES \
	"the server is a standby or read-only: the dsn must name the primary, where default_transaction_read_only is off"
#define NO_ROOM "make room where PostgreSQL has its data"
#define LOOK_AT_LOG "see PostgreSQL's log; if uncache is to blame, report it as a bug"
#define AWAIT_SERVER "PostgreSQL is starting, stopping or recovering: wait, or see its log"
#define NO_PROXY "put host and port of PostgreSQL itself into the dsn, not those of a connection pooler"

static const JournalErrorKind connecting[] = {
	/* from the server */
	{"28P01", "", ALARM, "the password for this role is wrong: correct it in the password file or the dsn, or ALTER ROLE"},
	{"28", "", ALARM, "PostgreSQL rejects this role: it must exist, with LOGIN, and pg_hba.conf must allow it from this host to this database"},
	{"3D000", "", ALARM, "the dsn names a database that this server does not have"},
	{"42501", "", ALARM, "its owner must run: GRANT CONNECT ON DATABASE <this database> TO <this role>"},
	{"55000", "", ALARM, "the database accepts no connections: ALTER DATABASE <this database> ALLOW_CONNECTIONS true"},
	{"53300", "", ALARM, "PostgreSQL has no connection left for this role: raise max_connections,"
	" or the CONNECTION LIMIT of the role or the database"},
	{"42704", "", ALARM, "the dsn sets a parameter that this server does not know"},
	{"22023", "", ALARM, "the dsn sets a parameter to a value that this server does not accept"},
	{"08P01", "", ALARM, NO_PROXY},
	{"57P04", "", ALARM, "the database was dropped: the dsn must name another one"},
	{"25006", "", ALARM, NO_WRITES},
	{"57P01", "", RETRY, "PostgreSQL is stopping, or somebody has ended the session"},
	{"57", "", RETRY, AWAIT_SERVER},
	{"53100", "", ALARM, NO_ROOM},
	{"53", "", RETRY, "the server is short of memory or of other resources"},
	{"08", "", RETRY, "see PostgreSQL's log"},

	/* from libpq, or of our own */
	{"", "no password supplied", ALARM, "PostgreSQL asks for a password: put one into the password file (~/.pgpass or passfile)"},
	{"", "session is read-only", ALARM, NO_WRITES},
	{"", "not a valid connection string", ALARM, "correct the dsn: keyword=value pairs, or a postgresql:// URL"},
	{"", "there is a connection pooler in front", ALARM, NO_PROXY},
	{"", "does not support SSL", ALARM, "turn SSL on in PostgreSQL, or change sslmode in the dsn"},
	{"", "certificate", ALARM, USE_CERTIFICATES},
	{"", "private key", ALARM, USE_CERTIFICATES},
	{"", "SSL error", ALARM, USE_CERTIFICATES},
	{"", "authentication method", ALARM, "configure scram-sha-256 for this role in pg_hba.conf, or an authentication without password"},
	{"", "invalid response", ALARM, "the server does not speak the PostgreSQL protocol: check host and port in the dsn"},
	{"", "expected authentication request", ALARM, "the server does not speak the PostgreSQL protocol: check host and port in the dsn"},
	{"", "invalid ", ALARM, "the dsn, or one of the variables PG* in the environment, has a value that libpq does not accept"},
	{"", "could not match", ALARM, "give as many ports and addresses as hosts in the dsn"},
	{"", "definition of service", ALARM, "the service in the dsn is not in the service file"},
	{"", "Permission denied", ALARM, "allow the daemon's user to open the server's socket"},
	{"", "host name", RETRY, "check the host in the dsn, and DNS"},
	{"", "out of memory", RETRY, "the daemon's machine is short of memory"},
	{"", "no reply before the deadline", RETRY, "find out what keeps the server or the network from answering"},

	{"", "", RETRY, "check that PostgreSQL is running, and the host and port in the dsn"},
};

static const JournalErrorKind server[] = {
	{"42501", "", ALARM, "a superuser must run: SELECT uncache.grant_consumer('<this role>')"},
	{"42883", "attach_cluster", ALARM, "a superuser must run: ALTER EXTENSION uncache UPDATE"},
	{"42883", "", ALARM, NO_EXTENSION},
	{"3F000", "", ALARM, NO_EXTENSION},
	{"42P01", "", ALARM, NO_EXTENSION},
	{"42703", "", ALARM, NO_EXTENSION},
	{"42704", "", ALARM, UNDO_ALTERATIONS},
	{"58P01", "", ALARM, "the server lacks a file, of the extension perhaps: install uncache there, in the version of its CREATE EXTENSION"},
	{"25006", "", ALARM, NO_WRITES},
	{"55000", "declared lost", RETRY, "the next session resyncs the target"},
	{"55000", "has no cursor", RETRY, "the next session registers the target again"},
	{"55000", "does not work for target", RETRY, "the next session attaches again"},
	{"55000", "recovery is in progress", ALARM, NO_WRITES},
	{"55000", "", ALARM, UNDO_ALTERATIONS},
	{"55P03", "", RETRY, "end the session that keeps a table of extension uncache locked"},
	{"53100", "", ALARM, NO_ROOM},
	{"53", "", RETRY, "the server is short of memory or of other resources"},
	{"57014", "", RETRY, "the statement was cancelled, or took too long: look for what keeps PostgreSQL busy"},
	{"57P04", "", ALARM, "the database was dropped: the dsn must name another one"},
	{"57P01", "", RETRY, "PostgreSQL is stopping, or somebody has ended the session"},
	{"57", "", RETRY, AWAIT_SERVER},
	{"25P", "", RETRY, "the server has terminated a transaction that took too long"},
	{"40", "", RETRY, "it is retried"},
	{"08", "", RETRY, "see PostgreSQL's log"},

	{"", "", ALARM, LOOK_AT_LOG},
};

static const JournalErrorKind answer[] = {
	{"", "upgrade uncached", ALARM, "the extension is newer than this daemon: upgrade uncached"},
	{"", "out of memory", RETRY, "the daemon's machine is short of memory"},
	{"", "", ALARM, "daemon and extension are of different versions: upgrade the older one"},
};

#define COUNT(kinds) (sizeof(kinds) / sizeof((kinds)[0]))

const JournalErrorKind *
journal_error_kind_at(JournalFailure failure, size_t index)
{
	switch (failure)
	{
		case JOURNAL_FAILURE_SERVER:
			return index < COUNT(server) ? &server[index] : NULL;
		case JOURNAL_FAILURE_ANSWER:
			return index < COUNT(answer) ? &answer[index] : NULL;
		case JOURNAL_FAILURE_COUNT:
		case JOURNAL_FAILURE_CONNECTION:
			break;
	}
	return index < COUNT(connecting) ? &connecting[index] : NULL;
}

static bool
fits(const JournalErrorKind *kind, const char *sqlstate, const char *text)
{
	return strncmp(sqlstate, kind->sqlstate, strlen(kind->sqlstate)) == 0 &&
		strstr(text, kind->text) != NULL;
}

const JournalErrorKind *
journal_error_kind(JournalFailure failure, const char *sqlstate, const char *text)
{
	size_t		index = 0;

	/* the last one fits everything, so that the walk ends */
	while (!fits(journal_error_kind_at(failure, index), sqlstate, text))
		index++;
	return journal_error_kind_at(failure, index);
}

/* --- libpq's messages --- */

/* Between a severity, in whatever language, and the text: ":  28P01: ". */
#define MARK_BYTES (3 + 5 + 2)

static bool
is_mark(const char *position)
{
	if (strncmp(position, ":  ", 3) != 0)
		return false;
	for (size_t i = 3; i < 3 + 5; i++)
		if (!isdigit((unsigned char) position[i]) && !isupper((unsigned char) position[i]))
			return false;
	return position[8] == ':' && position[9] == ' ';
}

static const char *
find_last_mark(const char *message)
{
	const char *last = NULL;

	for (const char *position = message; *position != '\0'; position++)
		if (is_mark(position))
			last = position;
	return last;
}

void
journal_error_read(const char *message, char sqlstate[JOURNAL_SQLSTATE_BYTES],
				   char *text, size_t text_bytes)
{
	const char *mark = find_last_mark(message);
	int			length = (int) strlen(message);

	sqlstate[0] = '\0';
	if (mark != NULL)
	{
		(void) snprintf(sqlstate, JOURNAL_SQLSTATE_BYTES, "%.5s", mark + 3);
		message = mark + MARK_BYTES;
		length = (int) strcspn(message, "\n");
	}
	while (length > 0 && isspace((unsigned char) message[length - 1]))
		length--;
	(void) snprintf(text, text_bytes, "%.*s", length, message);
}
