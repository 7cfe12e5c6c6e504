/*-------------------------------------------------------------------------
 *
 * journal_row.h
 *	  Decodes the fields of journal rows from PostgreSQL's binary format.
 *
 * Reads bytes from outside: every length is checked against what is there.
 * The layouts are those of array_send, timestamptz_send and textsend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_ROW_H
#define UNCACHED_JOURNAL_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum JournalAction
{
	JOURNAL_ACTION_KEYS,
	JOURNAL_ACTION_PATTERNS,
	JOURNAL_ACTION_TAGS,
	JOURNAL_ACTION_TAG_PATTERNS,
	JOURNAL_ACTION_VERSIONS,
	JOURNAL_ACTION_VERSION_PATTERNS,
	JOURNAL_ACTION_CACHEOPS,
	JOURNAL_ACTION_CACHEOPS_TABLES,
	JOURNAL_ACTION_RESYNC,		/* all that resync_keys() lists; what stands
								 * beside it means nothing */
	JOURNAL_ACTION_COUNT
} JournalAction;

/* A walk over the elements of a text[]. */
typedef struct JournalKeys
{
	const char *next;			/* borrowed from the field */
	const char *end;
	uint32_t	remaining_count;
} JournalKeys;

typedef enum JournalStep
{
	JOURNAL_STEP_KEY,			/* here is an element */
	JOURNAL_STEP_END,			/* there are no more */
	JOURNAL_STEP_MALFORMED		/* the field is not a text[] without NULLs */
} JournalStep;

/* As it stands in the journal. */
extern const char *journal_row_action_name(JournalAction action);

/* False for an action that this version does not know. */
extern bool journal_row_decode_action(const char *field, size_t field_bytes,
									  JournalAction *action)
			__attribute__((warn_unused_result));

/* timestamptz → microseconds since 1970; false unless finite and 8 bytes. */
extern bool journal_row_decode_time(const char *field, size_t field_bytes,
									int64_t *unix_us)
			__attribute__((warn_unused_result));

/*
 * Starts a walk over a text[] with no or one dimension.  False if the field
 * is malformed.
 */
extern bool journal_row_begin_keys(const char *field, size_t field_bytes,
								   JournalKeys *keys)
			__attribute__((warn_unused_result));

/* The next element, borrowed from the field. */
extern JournalStep journal_row_next_key(JournalKeys *keys,
										const char **key, size_t *key_bytes)
			__attribute__((warn_unused_result));

#endif
