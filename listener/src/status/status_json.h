/*-------------------------------------------------------------------------
 *
 * status_json.h
 *	  A report of --status as one document of JSON.
 *
 * Its names are documented in docs/operations.md; later versions add to them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STATUS_JSON_H
#define UNCACHED_STATUS_JSON_H

#include <stdio.h>

#include "status/status_report.h"

extern void status_json_print(FILE *stream, const StatusReport *report,
							  const char *extension_version);

/* The same where there is no report. */
extern void status_json_print_unknown(FILE *stream, const char *problem);

#endif
