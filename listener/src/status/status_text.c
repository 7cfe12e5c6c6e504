/*-------------------------------------------------------------------------
 *
 * status_text.c
 *	  A report of --status as text: a line for monitoring, and a table for people.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "status/shown_text.h"

#define CELL_BYTES 80
#define GAP 2					/* between two columns */

enum
{
	CELL_TARGET,
	CELL_STATE,
	CELL_WORKER,
	CELL_LAG,
	CELL_ROWS,
	CELL_KEYS,
	CELL_ACKED,
	CELL_REDIS,
	CELL_COUNT
};

static const struct
{
	const char *title;
	bool		is_right;		/* aligned */
}			columns[CELL_COUNT] =

{
	[CELL_TARGET] = {"TARGET", false},
	[CELL_STATE] = {"STATE", false},
	[CELL_WORKER] = {"WORKER", true},
	[CELL_LAG] = {"LAG", true},
	[CELL_ROWS] = {"ROWS", true},
	[CELL_KEYS] = {"KEYS", true},
	[CELL_ACKED] = {"ACKNOWLEDGED", true},
	[CELL_REDIS] = {"REDIS", false},
};

typedef char Cells[CELL_COUNT][CELL_BYTES];

/* --- the cells of a target --- */

/* Without what a terminal obeys, so that bytes are columns: names of targets and states are ASCII. */
static void
set_text(char *cell, const char *text)
{
	size_t		length = 0;

	for (; *text != '\0' && length < CELL_BYTES - 1; text++)
		cell[length++] = (unsigned char) *text > ' ' && (unsigned char) *text < 0x7F ? *text : '?';
	cell[length] = '\0';
}

static void
set_count(char *cell, int64_t count, bool is_estimate)
{
	if (count != CONSUMER_UNKNOWN)
		(void) snprintf(cell, CELL_BYTES, "%s%" PRId64, is_estimate ? "~" : "", count);
}

static void
set_consumer(Cells cells, const ConsumerRow *consumer)
{
	char		duration[STATUS_DURATION_BYTES];

	set_text(cells[CELL_STATE], consumer->state);
	if (consumer->worker_pid != 0)
		set_count(cells[CELL_WORKER], consumer->worker_pid, false);
	set_count(cells[CELL_ROWS], consumer->row_count, consumer->is_estimate);
	set_count(cells[CELL_KEYS], consumer->key_count, consumer->is_estimate);
	status_duration_format(consumer->lag_ms, duration);
	(void) snprintf(cells[CELL_LAG], CELL_BYTES, "%s", duration);
	if (consumer->acked_ms_ago != CONSUMER_UNKNOWN)
	{
		status_duration_format(consumer->acked_ms_ago, duration);
		(void) snprintf(cells[CELL_ACKED], CELL_BYTES, "%s ago", duration);
	}
}

static void
fill_cells(Cells cells, const StatusTarget *target)
{
	for (size_t i = 0; i < CELL_COUNT; i++)
		(void) snprintf(cells[i], CELL_BYTES, "-");
	set_text(cells[CELL_TARGET], target->name);
	if (target->consumer != NULL && target->consumer->has_consumer)
		set_consumer(cells, target->consumer);
	if (target->redis[0] != '\0')
		set_text(cells[CELL_REDIS], target->redis);
}

/* --- the table --- */

static void
begin_colour(FILE *stream, const StatusTextStyle *style, StatusLevel level)
{
	static const char *const codes[] = {
		[STATUS_LEVEL_OK] = "32",
		[STATUS_LEVEL_WARNING] = "33",
		[STATUS_LEVEL_CRITICAL] = "31",
		[STATUS_LEVEL_UNKNOWN] = "35",
	};

	if (style->has_colour)
		(void) fprintf(stream, "\033[%sm", codes[level]);
}

static void
end_colour(FILE *stream, const StatusTextStyle *style)
{
	if (style->has_colour)
		(void) fputs("\033[0m", stream);
}

static void
measure(const StatusReport *report, size_t widths[CELL_COUNT])
{
	Cells		cells;

	for (size_t i = 0; i < CELL_COUNT; i++)
		widths[i] = strlen(columns[i].title);
	for (size_t t = 0; t < report->target_count; t++)
	{
		fill_cells(cells, &report->targets[t]);
		for (size_t i = 0; i < CELL_COUNT; i++)
			if (strlen(cells[i]) > widths[i])
				widths[i] = strlen(cells[i]);
	}
}

/* The last column is not filled up: no line ends with blanks. */
static void
print_cell(FILE *stream, const char *text, size_t column, size_t width)
{
	int			padding = (int) (width - strlen(text));

	if (columns[column].is_right)
		(void) fprintf(stream, "%*s%s", padding, "", text);
	else
		(void) fprintf(stream, "%s%*s", text, column + 1 < CELL_COUNT ? padding : 0, "");
	(void) fprintf(stream, "%*s", column + 1 < CELL_COUNT ? GAP : 0, "");
}

static void
print_row(FILE *stream, const StatusTarget *target, const size_t widths[CELL_COUNT],
		  const StatusTextStyle *style)
{
	Cells		cells;

	fill_cells(cells, target);
	for (size_t i = 0; i < CELL_COUNT; i++)
	{
		if (i == CELL_STATE)
			begin_colour(stream, style, target->level);
		print_cell(stream, cells[i], i, widths[i]);
		if (i == CELL_STATE)
			end_colour(stream, style);
	}
	(void) fputc('\n', stream);
}

static void
print_table(FILE *stream, const StatusReport *report, const size_t widths[CELL_COUNT],
			const StatusTextStyle *style)
{
	for (size_t i = 0; i < CELL_COUNT; i++)
		print_cell(stream, columns[i].title, i, i + 1 < CELL_COUNT ? widths[i] : strlen(columns[i].title));
	(void) fputc('\n', stream);
	for (size_t t = 0; t < report->target_count; t++)
		print_row(stream, &report->targets[t], widths, style);
}

/* Where a row does not fit: a line for each cell. */
static void
print_blocks(FILE *stream, const StatusReport *report, const StatusTextStyle *style)
{
	Cells		cells;

	for (size_t t = 0; t < report->target_count; t++)
	{
		fill_cells(cells, &report->targets[t]);
		(void) fprintf(stream, "%s\n", cells[CELL_TARGET]);
		for (size_t i = CELL_TARGET + 1; i < CELL_COUNT; i++)
		{
			(void) fprintf(stream, "  %-12s ", columns[i].title);
			if (i == CELL_STATE)
				begin_colour(stream, style, report->targets[t].level);
			(void) fputs(cells[i], stream);
			if (i == CELL_STATE)
				end_colour(stream, style);
			(void) fputc('\n', stream);
		}
	}
}

static void
print_targets(FILE *stream, const StatusReport *report, const StatusTextStyle *style)
{
	size_t		widths[CELL_COUNT];
	size_t		width = GAP * (CELL_COUNT - 1);

	measure(report, widths);
	for (size_t i = 0; i < CELL_COUNT; i++)
		width += widths[i];
	if (style->columns == 0 || width <= style->columns)
		print_table(stream, report, widths, style);
	else
		print_blocks(stream, report, style);
}

/* --- what there is to say --- */

/* A "|" would begin a plugin's figures. */
static void
print_summary_text(FILE *stream, const char *text)
{
	char	   *shown = NULL;
	size_t		shown_bytes = 0;
	FILE	   *buffer = open_memstream(&shown, &shown_bytes);

	if (buffer == NULL)
		return;
	shown_text_print(buffer, text, strlen(text));
	if (fclose(buffer) == 0)
		for (size_t i = 0; i < shown_bytes; i++)
			(void) fputc(shown[i] == '|' ? '/' : shown[i], stream);
	free(shown);
}

/* The worst first. */
static void
print_problems(FILE *stream, const StatusReport *report)
{
	const char *separator = "";

	for (int level = STATUS_LEVEL_CRITICAL; level > STATUS_LEVEL_OK; level--)
		for (size_t t = 0; t < report->target_count; t++)
			for (size_t i = 0; i < report->targets[t].finding_count; i++)
			{
				if ((int) report->targets[t].findings[i].level != level)
					continue;
				(void) fputs(separator, stream);
				print_summary_text(stream, report->targets[t].name);
				(void) fputs(": ", stream);
				print_summary_text(stream, report->targets[t].findings[i].text);
				separator = "; ";
			}
}

static void
print_perfdata(FILE *stream, const StatusReport *report)
{
	const char *separator = " |";

	for (size_t t = 0; t < report->target_count; t++)
	{
		const ConsumerRow *consumer = report->targets[t].consumer;
		Cells		cells;

		if (consumer == NULL || !consumer->has_consumer || consumer->row_count == CONSUMER_UNKNOWN)
			continue;
		fill_cells(cells, &report->targets[t]);
		(void) fprintf(stream, "%s %s_lag=%" PRId64 ".%03" PRId64 "s;%" PRId64 ".%03" PRId64 ";;0 %s_rows=%" PRId64 ";;;0", separator,
					   cells[CELL_TARGET], consumer->lag_ms / 1000, consumer->lag_ms % 1000,
					   report->max_lag_ms / 1000, report->max_lag_ms % 1000,
					   cells[CELL_TARGET], consumer->row_count);
		separator = "";
	}
}

static void
print_findings(FILE *stream, const StatusReport *report, const StatusTextStyle *style)
{
	for (size_t t = 0; t < report->target_count; t++)
	{
		const StatusTarget *target = &report->targets[t];

		for (size_t i = 0; i < target->finding_count; i++)
		{
			begin_colour(stream, style, target->findings[i].level);
			(void) fputs(status_level_name(target->findings[i].level), stream);
			end_colour(stream, style);
			(void) fputc(' ', stream);
			shown_text_print(stream, target->name, strlen(target->name));
			(void) fputs(": ", stream);
			shown_text_print(stream, target->findings[i].text, strlen(target->findings[i].text));
			(void) fputc('\n', stream);
		}
	}
}

void
status_text_print(FILE *stream, const StatusReport *report, const StatusTextStyle *style)
{
	begin_colour(stream, style, report->level);
	(void) fprintf(stream, "UNCACHE %s", status_level_name(report->level));
	end_colour(stream, style);
	(void) fputs(" - ", stream);
	if (report->level == STATUS_LEVEL_OK)
		(void) fprintf(stream, "%zu %s", report->target_count, report->target_count == 1 ? "target" : "targets");
	else
		print_problems(stream, report);
	if (style->has_perfdata)
		print_perfdata(stream, report);
	(void) fputs("\n\n", stream);
	print_targets(stream, report, style);
	print_findings(stream, report, style);
}

void
status_text_print_unknown(FILE *stream, const char *problem)
{
	(void) fputs("UNCACHE UNKNOWN - ", stream);
	print_summary_text(stream, problem);
	(void) fputc('\n', stream);
}
