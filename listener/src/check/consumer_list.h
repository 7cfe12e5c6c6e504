/*-------------------------------------------------------------------------
 *
 * consumer_list.h
 *	  What PostgreSQL knows of each target: for --status.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONSUMER_LIST_H
#define UNCACHED_CONSUMER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/look_session.h"

#define CONSUMER_UNKNOWN (-1)

/* A target that a rule names or that has a consumer.  Texts are whatever the database has. */
typedef struct ConsumerRow
{
	char	   *target;			/* owned */
	bool		has_rules;
	bool		has_consumer;	/* else the rest is unknown or empty */
	char	   *state;			/* owned; of uncache.status */
	int64_t		worker_pid;		/* 0: nobody works for it */
	int64_t		row_count;		/* that wait; CONSUMER_UNKNOWN if it is lost */
	int64_t		key_count;
	bool		is_estimate;
	int64_t		lag_ms;
	int64_t		acked_ms_ago;	/* CONSUMER_UNKNOWN: never */
	char	   *acked_at;		/* owned; ISO 8601; "" if never */
	char	   *resync_reason;	/* owned; "" if none is due */
	char	   *alarm;			/* owned; "" if there is none */
} ConsumerRow;

typedef struct ConsumerList
{
	ConsumerRow *rows;			/* owned; by name */
	size_t		row_count;
	char	   *extension_version;	/* owned */
} ConsumerList;

/*
 * Blocks.  Fills caller's storage, to be freed by consumer_list_reset in either case.  False, and
 * "problem" has one line that says why.
 */
extern bool consumer_list_read(const char *dsn, ConsumerList *list,
							   char problem[LOOK_PROBLEM_BYTES])
			__attribute__((warn_unused_result));
extern void consumer_list_reset(ConsumerList *list);

#endif
