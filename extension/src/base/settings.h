/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  Pins the session's settings that show in the text of a value.
 *
 * A key must come out the same whoever writes the row: ISO dates, UTC,
 * shortest-exact floats, hex bytea.  Pinning costs nothing where the session
 * has these settings already.  The lc_ settings are not pinned: that takes 10 us
 * a row, for what only money and to_char()'s localized patterns show.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SETTINGS_H
#define UNCACHE_SETTINGS_H

/* What settings_pin_all() pins the search path to. */
#define SETTINGS_SEARCH_PATH "pg_catalog, pg_temp"

/* A nest level that there is nothing to restore of. */
#define SETTINGS_NOTHING_PINNED (-1)

/* Pins what shows in output; pass the result to settings_restore. */
extern int	settings_pin_output(void);

/* Pins that, and what PostgreSQL's own functions read that are said to read no setting. */
extern int	settings_pin_values(void);

/* Pins that, and how SQL text is read and names are found. */
extern int	settings_pin_all(void);

/*
 * The same, and for what reads tables: rows that a policy would hide are an
 * error, for a key that is not found is not deleted.
 */
extern int	settings_pin_query(void);

/* Pins nothing but that no lock is waited for longer than that. */
extern int	settings_pin_lock_timeout(int limit_ms);

/*
 * The same, for whoever must not wait at all: others may be waiting for him.  A lock's shortest
 * timeout is a millisecond, so where he can he takes locks that are had at once only.
 */
extern int	settings_pin_no_wait(void);
extern bool settings_must_not_wait(void);

/* The same, as settings_pin_query() does: as short as a writer may have to wait for a rule's sake. */
extern int	settings_pin_brief_locks(void);

/*
 * Whatever has been set meanwhile is undone, too: what a rule's functions set does not
 * stay in the writer's session.  After an error, the end of the (sub)transaction
 * restores instead.
 */
extern void settings_restore(int nest_level);

#endif
