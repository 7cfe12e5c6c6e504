/*-------------------------------------------------------------------------
 *
 * metric_text.c
 *	  Metrics as text, as Prometheus reads it: its own format 0.0.4, and
 *	  OpenMetrics 1.0.0.
 *
 *-------------------------------------------------------------------------
 */
#include "status/metric_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MILLION 1000000

#define BOUND_BYTES 32

const char *const metric_content_types[METRIC_FORMAT_COUNT] = {
	[METRIC_FORMAT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
	[METRIC_FORMAT_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* --- negotiation --- */

/* A range's parameter q, in thousandths; 1000 without one. */
static long
quality_of(const char *range, size_t range_bytes)
{
	for (size_t i = 0; i + 3 < range_bytes; i++)
		if (range[i] == ';')
		{
			const char *parameter = range + i + 1 + strspn(range + i + 1, " \t");

			if (strncasecmp(parameter, "q=", 2) == 0)
				return (long) (strtod(parameter + 2, NULL) * 1000);
		}
	return 1000;
}

/* The best quality of a media type in an Accept header; 0 if it is not there. */
static long
find_quality(const char *accept, const char *type)
{
	size_t		type_bytes = strlen(type);
	long		best = 0;

	while (*accept != '\0')
	{
		size_t		range_bytes;

		accept += strspn(accept, " \t,");
		range_bytes = strcspn(accept, ",");
		if (strncasecmp(accept, type, type_bytes) == 0 && strchr(" \t;,", accept[type_bytes]) != NULL)
		{
			long		quality = quality_of(accept, range_bytes);

			best = quality > best ? quality : best;
		}
		accept += range_bytes;
	}
	return best;
}

MetricFormat
metric_text_choose(const char *accept)
{
	long		quality;

	if (accept == NULL)
		return METRIC_FORMAT_PROMETHEUS;
	quality = find_quality(accept, "application/openmetrics-text");
	return quality > 0 && quality >= find_quality(accept, "text/plain") ?
		METRIC_FORMAT_OPENMETRICS : METRIC_FORMAT_PROMETHEUS;
}

/* --- writing --- */

/* A quote is escaped in both; 0.0.4 would have it as it is in HELP, where it has to be absent. */
static void
write_escaped(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '\\' || *text == '"')
			(void) fputc('\\', stream);
		if (*text == '\n')
			(void) fputs("\\n", stream);
		else
			(void) fputc(*text, stream);
	}
}

static const char *
suffix_of(const MetricFamily *family)
{
	return family->type == METRIC_COUNTER ? "_total" : "";
}

void
metric_text_begin(const MetricText *text, const MetricFamily *family)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	const char *suffix = text->format == METRIC_FORMAT_OPENMETRICS ? "" : suffix_of(family);

	(void) fprintf(text->stream, "# HELP %s%s ", family->name, suffix);
	write_escaped(text->stream, family->help);
	(void) fprintf(text->stream, "\n# TYPE %s%s %s\n", family->name, suffix, types[family->type]);
}

static void
write_label(FILE *stream, const MetricLabel *label, bool is_first)
{
	(void) fprintf(stream, "%s%s=\"", is_first ? "{" : ",", label->name);
	write_escaped(stream, label->value);
	(void) fputc('"', stream);
}

/* The name and the labels; "bound" is that of a bucket, or NULL. */
static void
write_series(const MetricText *text, const char *name, const char *suffix,
			 const MetricLabel *labels, const char *bound)
{
	const MetricLabel bucket = {"le", bound};
	bool		is_first = true;

	(void) fprintf(text->stream, "%s%s", name, suffix);
	for (; labels->name != NULL; labels++)
	{
		write_label(text->stream, labels, is_first);
		is_first = false;
	}
	if (bound != NULL)
	{
		write_label(text->stream, &bucket, is_first);
		is_first = false;
	}
	(void) fputs(is_first ? " " : "} ", text->stream);
}

void
metric_text_number(const MetricText *text, const MetricFamily *family, const MetricLabel *labels,
				   uint64_t number)
{
	write_series(text, family->name, suffix_of(family), labels, NULL);
	(void) fprintf(text->stream, "%" PRIu64 "\n", number);
}

static void
write_micro(FILE *stream, uint64_t millionths)
{
	(void) fprintf(stream, "%" PRIu64 ".%06" PRIu64 "\n", millionths / MILLION, millionths % MILLION);
}

void
metric_text_micro(const MetricText *text, const MetricFamily *family, const MetricLabel *labels,
				  int64_t millionths)
{
	write_series(text, family->name, suffix_of(family), labels, NULL);
	write_micro(text->stream, millionths > 0 ? (uint64_t) millionths : 0);
}

/* In both formats a bound is written alike each time, and a whole one with ".0". */
static void
format_bound(int64_t bound_us, char *text)
{
	int			length = snprintf(text, BOUND_BYTES, "%" PRId64 ".%06" PRId64, bound_us / MILLION,
								  bound_us % MILLION);

	while (text[length - 1] == '0' && text[length - 2] != '.')
		text[--length] = '\0';
}

void
metric_text_histogram(const MetricText *text, const MetricFamily *family, const MetricLabel *labels,
					  const Histogram *histogram)
{
	char		bound[BOUND_BYTES];
	uint64_t	count = 0;

	for (size_t i = 0; i < HISTOGRAM_BOUND_COUNT; i++)
	{
		count += histogram->counts[i];
		format_bound(histogram_bounds_us[i], bound);
		write_series(text, family->name, "_bucket", labels, bound);
		(void) fprintf(text->stream, "%" PRIu64 "\n", count);
	}
	write_series(text, family->name, "_bucket", labels, "+Inf");
	(void) fprintf(text->stream, "%" PRIu64 "\n", histogram->count);
	write_series(text, family->name, "_sum", labels, NULL);
	write_micro(text->stream, histogram->sum_us);
	write_series(text, family->name, "_count", labels, NULL);
	(void) fprintf(text->stream, "%" PRIu64 "\n", histogram->count);
}

void
metric_text_end(const MetricText *text)
{
	if (text->format == METRIC_FORMAT_OPENMETRICS)
		(void) fputs("# EOF\n", text->stream);
}
