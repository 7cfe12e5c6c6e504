/*-------------------------------------------------------------------------
 *
 * tail_line.h
 *	  A line of --tail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TAIL_LINE_H
#define UNCACHED_TAIL_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "check/tail_source.h"

/*
 * "TIME TARGET ACTION XID AGE KEY", in local time; or an object of JSON, with the time in UTC.  What
 * stands for all targets has "*" for a target.
 */
extern void tail_line_print(FILE *stream, const TailRow *row, bool is_json);

/* "TIME gap: WHY"; a JSON object that has a "gap". */
extern void tail_line_print_gap(FILE *stream, int64_t now_us, const char *reason, bool is_json);

#endif
