/*-------------------------------------------------------------------------
 *
 * tail_line.c
 *	  A line of --tail.
 *
 *-------------------------------------------------------------------------
 */
#include "status/tail_line.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "status/shown_text.h"

#define TIME_BYTES 64

static void
print_time(FILE *stream, int64_t at_us, bool is_utc)
{
	time_t		seconds = (time_t) (at_us / 1000000);
	int			ms = (int) (at_us / 1000 % 1000);
	struct tm	parts;
	char		text[TIME_BYTES] = "";

	if ((is_utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) != NULL)
		(void) strftime(text, sizeof(text), is_utc ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &parts);
	(void) fprintf(stream, "%s.%03d%s", text, ms, is_utc ? "Z" : "");
}

static void
print_json_text(FILE *stream, const char *name, const char *text, size_t text_bytes)
{
	(void) fprintf(stream, ",\"%s\":", name);
	if (text_bytes == 0)
		(void) fputs("null", stream);
	else
		shown_text_print_json(stream, text, text_bytes);
}

static void
print_json(FILE *stream, const TailRow *row)
{
	(void) fputs("{\"at\":\"", stream);
	print_time(stream, row->at_us, true);
	(void) fputc('"', stream);
	print_json_text(stream, "target", row->target, strlen(row->target));
	print_json_text(stream, "action", row->action, strlen(row->action));
	print_json_text(stream, "key", row->key, row->key_bytes);
	print_json_text(stream, "xid", row->xid, strlen(row->xid));
	(void) fprintf(stream, ",\"age_ms\":%" PRId64 "}\n", row->age_ms);
}

void
tail_line_print(FILE *stream, const TailRow *row, bool is_json)
{
	if (is_json)
	{
		print_json(stream, row);
		return;
	}
	print_time(stream, row->at_us, false);
	(void) fputc(' ', stream);
	shown_text_print(stream, row->target[0] != '\0' ? row->target : "*", row->target[0] != '\0' ? strlen(row->target) : 1);
	(void) fputc(' ', stream);
	shown_text_print(stream, row->action, strlen(row->action));
	(void) fputc(' ', stream);
	shown_text_print(stream, row->xid, strlen(row->xid));
	(void) fprintf(stream, " %" PRId64 "ms%s", row->age_ms, row->key_bytes > 0 ? " " : "");
	shown_text_print(stream, row->key, row->key_bytes);
	(void) fputc('\n', stream);
}

void
tail_line_print_gap(FILE *stream, int64_t now_us, const char *reason, bool is_json)
{
	if (is_json)
	{
		(void) fputs("{\"at\":\"", stream);
		print_time(stream, now_us, true);
		(void) fputc('"', stream);
		print_json_text(stream, "gap", reason, strlen(reason));
		(void) fputs("}\n", stream);
		return;
	}
	print_time(stream, now_us, false);
	(void) fputs(" gap: ", stream);
	shown_text_print(stream, reason, strlen(reason));
	(void) fputc('\n', stream);
}
