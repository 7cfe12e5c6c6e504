/*-------------------------------------------------------------------------
 *
 * status_text.h
 *	  A report of --status as text: a line for monitoring, and a table for people.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STATUS_TEXT_H
#define UNCACHED_STATUS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "status/status_report.h"

typedef struct StatusTextStyle
{
	bool		has_colour;
	bool		has_perfdata;	/* behind the first line, for monitoring */
	size_t		columns;		/* of the terminal; 0: there is no end */
} StatusTextStyle;

/*
 * "UNCACHE LEVEL - what is the matter", then each target in a row, or one below the other where
 * a row does not fit, then what there is to say of them.
 */
extern void status_text_print(FILE *stream, const StatusReport *report,
							  const StatusTextStyle *style);

/* The same line where there is no report. */
extern void status_text_print_unknown(FILE *stream, const char *problem);

#endif
