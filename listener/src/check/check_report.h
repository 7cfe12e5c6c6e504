/*-------------------------------------------------------------------------
 *
 * check_report.h
 *	  What a check has found: a line for each thing, and whether all is right.
 *
 *		STATE SUBJECT: WHAT[; WHAT TO DO]
 *
 * Whatever servers say, a finding stays one line: control characters are
 * shown as spaces.  Callers never pass passwords, connection strings or URLs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_REPORT_H
#define UNCACHED_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum CheckState
{
	CHECK_OK,
	CHECK_MISSING,				/* the daemon will not work as it should */
	CHECK_UNKNOWN				/* cannot be told, or may be meant so */
} CheckState;

typedef struct CheckReport
{
	FILE	   *stream;			/* borrowed */
	const char *subject;		/* borrowed; of the lines that follow */
	const char *alias;			/* borrowed; behind the subject; or NULL */
	size_t		missing_count;
	bool		hides_ok;		/* only what is missing or unknown is said */
} CheckReport;

extern void check_report_begin(CheckReport *report, FILE *stream);

/* alias: NULL if the subject is the only one of its kind. */
extern void check_report_subject(CheckReport *report, const char *subject,
								 const char *alias);

/* advice: what to do; "" for nothing. */
extern void check_report_say(CheckReport *report, CheckState state, const char *advice,
							 const char *format,...)
			__attribute__((format(printf, 4, 5)));

#endif
