/*-------------------------------------------------------------------------
 *
 * status_report.h
 *	  What --status has found: each target, and how bad that is.
 *
 * Levels are those of monitoring plugins, and so are the exit statuses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STATUS_REPORT_H
#define UNCACHED_STATUS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/consumer_list.h"
#include "config/config.h"

/* Exit statuses as well. */
typedef enum StatusLevel
{
	STATUS_LEVEL_OK = 0,
	STATUS_LEVEL_WARNING = 1,
	STATUS_LEVEL_CRITICAL = 2,
	STATUS_LEVEL_UNKNOWN = 3
} StatusLevel;

#define STATUS_FINDINGS_MAX 6
#define STATUS_FINDING_BYTES 512
#define STATUS_REDIS_BYTES 64

typedef struct StatusFinding
{
	StatusLevel level;
	char		text[STATUS_FINDING_BYTES]; /* may have anything in it that
											 * the database has */
} StatusFinding;

typedef struct StatusTarget
{
	const char *name;			/* borrowed */
	bool		is_configured;
	const ConsumerRow *consumer;	/* borrowed; NULL if PostgreSQL tells of
									 * none */
	char		redis[STATUS_REDIS_BYTES];	/* of the daemon that runs here;
											 * "" if none tells */
	StatusLevel level;			/* the worst of the findings */
	StatusFinding findings[STATUS_FINDINGS_MAX];
	size_t		finding_count;
} StatusTarget;

typedef struct StatusReport
{
	StatusTarget *targets;		/* owned; those of the configuration first */
	size_t		target_count;
	StatusLevel level;			/* the worst of all targets */
	int64_t		max_lag_ms;		/* ready_max_lag: being further behind is a
								 * warning */
} StatusReport;

/*
 * Judges.  health is what the daemon answers at its health socket, lines of "TARGET state=… redis=…",
 * or "".  Borrows from config and list.  False if memory is exhausted; to be freed by
 * status_report_reset in either case.
 */
extern bool status_report_make(StatusReport *report, const Config *config, const ConsumerList *list,
							   const char *health)
			__attribute__((warn_unused_result));
extern void status_report_reset(StatusReport *report);

/* "OK", "WARNING", … */
extern const char *status_level_name(StatusLevel level);

#define STATUS_DURATION_BYTES 32

/* "5 ms", "1.5 s", "3 min", "2 h", "4 d". */
extern void status_duration_format(int64_t duration_ms, char text[STATUS_DURATION_BYTES]);

#endif
