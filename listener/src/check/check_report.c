/*-------------------------------------------------------------------------
 *
 * check_report.c
 *	  What a check has found: a line for each thing, and whether all is right.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_report.h"

#include <stdarg.h>
#include <string.h>

#define FINDING_BYTES 1024

void
check_report_begin(CheckReport *report, FILE *stream)
{
	memset(report, 0, sizeof(*report));
	report->stream = stream;
	report->subject = "";
}

void
check_report_subject(CheckReport *report, const char *subject, const char *alias)
{
	report->subject = subject;
	report->alias = alias;
}

static void
print_line(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++)
		(void) fputc((unsigned char) *text < ' ' || *text == 0x7F ? ' ' : *text, stream);
}

/* Each line goes out at once: what follows may take seconds. */
void
check_report_say(CheckReport *report, CheckState state, const char *advice,
				 const char *format,...)
{
	static const char *const names[] = {
		[CHECK_OK] = "ok",
		[CHECK_MISSING] = "missing",
		[CHECK_UNKNOWN] = "unknown",
	};
	char		finding[FINDING_BYTES];
	va_list		arguments;

	if (state == CHECK_OK && report->hides_ok)
		return;
	va_start(arguments, format);
	(void) vsnprintf(finding, sizeof(finding), format, arguments);
	va_end(arguments);
	/* libpq's messages end with a newline */
	for (size_t end = strlen(finding); end > 0 && finding[end - 1] == '\n'; end--)
		finding[end - 1] = '\0';
	if (state == CHECK_MISSING)
		report->missing_count++;
	(void) fprintf(report->stream, "%-7s %s", names[state], report->subject);
	if (report->alias != NULL)
		(void) fprintf(report->stream, " %s", report->alias);
	(void) fputs(": ", report->stream);
	print_line(report->stream, finding);
	if (*advice != '\0')
		(void) fputs("; ", report->stream);
	print_line(report->stream, advice);
	(void) fputc('\n', report->stream);
	(void) fflush(report->stream);
}
