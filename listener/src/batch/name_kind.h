/*-------------------------------------------------------------------------
 *
 * name_kind.h
 *	  What a kind of names is: one entry of traits for each.
 *
 * Pure.  Nobody else tells kinds apart: who needs to know something of a kind
 * asks its entry.  How Redis deletes the names of a kind is in an entry of redis_script.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_NAME_KIND_H
#define UNCACHED_NAME_KIND_H

#include <stdbool.h>

typedef enum NameKind
{
	NAME_KEY,					/* is deleted */
	NAME_TAG,					/* a set: is deleted, and its members */
	NAME_VERSION,				/* a counter: gets a value that it never had */
	NAME_STAGGERED,				/* a key: is deleted, but not at once */
	NAME_SET,					/* as a tag, but under a name of its own */
	NAME_CACHEOPS,				/* no name: the image of a changed row, see
								 * cacheops_script.h */
	NAME_KIND_COUNT
} NameKind;

/* A set of kinds has one bit for each. */
#define NAME_KIND_BIT(kind) (1u << (kind))
#define NAME_KINDS_ALL (NAME_KIND_BIT(NAME_KIND_COUNT) - 1)

typedef enum NameTiming
{
	NAME_TIMING_QUICK,			/* one command behind the other */
	NAME_TIMING_STEPS,			/* takes Redis long: one command at a time,
								 * made of the answer to the last */
	NAME_TIMING_STAGGERED		/* as quick, but spread over a time */
} NameTiming;

/* Stands between a target's prefix and a tag in the name of its set. */
#define NAME_TAG_HEAD "tag:"

#define NAME_COMMANDS_MAX 7

typedef struct NameTraits
{
	const char *action;			/* of the journal, for names; NULL for none */
	const char *pattern_action; /* likewise, for patterns over names */
	const char *log_name;		/* of their number */
	const char *head;			/* between the target's prefix and a name */
	bool		has_prefix_length;	/* in bytes, and a colon, before all that */
	NameTiming	timing;
	const char *commands[NAME_COMMANDS_MAX];	/* of Redis, in lower case,
												 * that a user needs; ends
												 * with NULL */
} NameTraits;

/* By kind; static data. */
extern const NameTraits name_traits[NAME_KIND_COUNT];

/* The kinds with that timing, one bit for each. */
extern unsigned int name_kinds_with(NameTiming timing);

#endif
