/*-------------------------------------------------------------------------
 *
 * journal_conninfo.h
 *	  Connection parameters: the user's, and ours where the user has none.
 *
 * An asynchronous connection cannot tell libpq to give up on one host and to
 * go on with the next, so a list of hosts is walked here: each attempt gets
 * one of them, with a deadline of its own.  The addresses of a host that has a name
 * are walked as well, by journal_route: libpq would look the name up itself, and
 * block meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_CONNINFO_H
#define UNCACHED_JOURNAL_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

/* Parallel arrays as PQconnectStartParams takes them, ending with NULL. */
#define JOURNAL_CONNINFO_MAX 20
typedef struct JournalConninfo
{
	const char *keywords[JOURNAL_CONNINFO_MAX]; /* borrowed */
	const char *values[JOURNAL_CONNINFO_MAX];	/* borrowed */
	size_t		count;			/* of them, without the NULL */
	char	   *host;			/* owned; NULL if libpq chooses */
	char	   *hostaddr;		/* likewise */
	char	   *port;			/* likewise */
	size_t		host_count;		/* of the list; 0 if libpq chooses */
} JournalConninfo;

/*
 * Fills caller's storage, to be freed by journal_conninfo_reset, for attempt
 * number "attempt" (the host list is walked round and round).  dsn and
 * application_name are borrowed until then.  False if memory is exhausted:
 * then nothing is to be freed.  A dsn that libpq cannot parse is passed on
 * as it is, for libpq to say so.
 */
extern bool journal_conninfo_build(const char *dsn, const char *application_name,
								   size_t attempt, JournalConninfo *info)
			__attribute__((warn_unused_result));

/* Would libpq have to look up the host: is it no path, and has no address? */
extern bool journal_conninfo_has_name(const JournalConninfo *info);

/*
 * The host's address, as a text: libpq connects to it, and knows the host's name
 * for certificates and passwords.  It is borrowed; a later one replaces it.
 */
extern void journal_conninfo_set_address(JournalConninfo *info, const char *address);

/*
 * False if libpq cannot parse the dsn: then its error messages quote pieces
 * of it, and must not be shown.
 */
extern bool journal_conninfo_is_valid(const char *dsn);

extern void journal_conninfo_reset(JournalConninfo *info);

#endif
