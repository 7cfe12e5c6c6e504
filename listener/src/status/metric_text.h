/*-------------------------------------------------------------------------
 *
 * metric_text.h
 *	  Metrics as text, as Prometheus reads it: its own format 0.0.4, and
 *	  OpenMetrics 1.0.0.
 *
 * Writes to a stream; whether that worked the caller asks the stream.  A family is begun,
 * and its samples follow.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_METRIC_TEXT_H
#define UNCACHED_METRIC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/histogram.h"

typedef enum MetricFormat
{
	METRIC_FORMAT_PROMETHEUS,
	METRIC_FORMAT_OPENMETRICS,
	METRIC_FORMAT_COUNT
} MetricFormat;

typedef enum MetricType
{
	METRIC_COUNTER,				/* its samples' names end with _total */
	METRIC_GAUGE,
	METRIC_HISTOGRAM
} MetricType;

typedef struct MetricFamily
{
	const char *name;			/* without _total */
	MetricType	type;
	const char *help;			/* a sentence, with its period */
} MetricFamily;

typedef struct MetricLabel
{
	const char *name;			/* NULL behind the last one */
	const char *value;			/* any text */
} MetricLabel;

typedef struct MetricText
{
	FILE	   *stream;			/* borrowed */
	MetricFormat format;
} MetricText;

/* By the format: what HTTP says of the text. */
extern const char *const metric_content_types[METRIC_FORMAT_COUNT];

/* The format that an Accept header prefers; NULL is none. */
extern MetricFormat metric_text_choose(const char *accept);

extern void metric_text_begin(const MetricText *text, const MetricFamily *family);

/* Of a counter or a gauge. */
extern void metric_text_number(const MetricText *text, const MetricFamily *family,
							   const MetricLabel *labels, uint64_t number);

/* The same for a time in seconds, or anything else by its millionths. */
extern void metric_text_micro(const MetricText *text, const MetricFamily *family,
							  const MetricLabel *labels, int64_t millionths);

/* In seconds. */
extern void metric_text_histogram(const MetricText *text, const MetricFamily *family,
								  const MetricLabel *labels, const Histogram *histogram);

/* Behind the last family. */
extern void metric_text_end(const MetricText *text);

#endif
