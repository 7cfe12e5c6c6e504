/*-------------------------------------------------------------------------
 *
 * pages.c
 *	  What the daemon shows at which path: /metrics, /healthz, /readyz.
 *
 *-------------------------------------------------------------------------
 */
#include "status/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/wall_clock.h"
#include "status/metrics.h"
#include "status/readiness.h"

/* Metrics are as old as that at most. */
#define METRICS_AGE_MS 100

#define PLAIN "text/plain; charset=utf-8"

void
pages_init(Pages *pages, const Loop *loop)
{
	memset(pages, 0, sizeof(*pages));
	pages->loop = loop;
	pages->started_at_us = wall_clock_us();
}

static void
drop_text(PageText *page)
{
	free(page->text);
	page->text = NULL;
	page->byte_count = 0;
}

void
pages_free(Pages *pages)
{
	for (MetricFormat format = 0; format < METRIC_FORMAT_COUNT; format++)
		drop_text(&pages->metrics[format]);
	drop_text(&pages->latest);
}

/* For the stream that makes the page anew; NULL if memory is exhausted. */
static FILE *
begin_text(PageText *page)
{
	drop_text(page);
	return open_memstream(&page->text, &page->byte_count);
}

static HttpAnswer
make_answer(int status, const char *content_type, const char *text, size_t byte_count)
{
	HttpAnswer	answer = {status, content_type, text, byte_count};

	return answer;
}

static HttpAnswer
end_text(PageText *page, FILE *stream, int status, const char *content_type)
{
	if (stream == NULL || fclose(stream) != 0)
	{
		drop_text(page);
		return make_answer(HTTP_STATUS_BUSY, PLAIN, "out of memory\n", strlen("out of memory\n"));
	}
	return make_answer(status, content_type, page->text, page->byte_count);
}

static HttpAnswer
show_metrics(Pages *pages, const HttpRequest *request)
{
	MetricFormat format = metric_text_choose(request->accept);
	PageText   *page = &pages->metrics[format];
	const char *content_type = metric_content_types[format];
	Snapshot	snapshot;
	FILE	   *stream;

	if (page->text != NULL && loop_now_ms(pages->loop) - page->made_ms < METRICS_AGE_MS)
		return make_answer(HTTP_STATUS_OK, content_type, page->text, page->byte_count);
	stream = begin_text(page);
	if (stream != NULL && !snapshot_take(&snapshot, pages->relay, pages->loop, pages->started_at_us))
	{
		(void) fclose(stream);
		stream = NULL;
	}
	if (stream != NULL)
	{
		metrics_write(&snapshot, format, stream);
		snapshot_free(&snapshot);
	}
	page->made_ms = loop_now_ms(pages->loop);
	return end_text(page, stream, HTTP_STATUS_OK, content_type);
}

/* That there is an answer says that the loop turns. */
static HttpAnswer
show_health(Pages *pages, const HttpRequest *request)
{
	FILE	   *stream = begin_text(&pages->latest);

	(void) request;
	if (stream != NULL)
		relay_describe(pages->relay, stream);
	return end_text(&pages->latest, stream, HTTP_STATUS_OK, PLAIN);
}

static HttpAnswer
show_readiness(Pages *pages, const HttpRequest *request)
{
	FILE	   *stream = begin_text(&pages->latest);
	Snapshot	snapshot;
	bool		is_ready;

	(void) request;
	if (stream == NULL || !snapshot_take(&snapshot, pages->relay, pages->loop, pages->started_at_us))
		return end_text(&pages->latest, stream, HTTP_STATUS_BUSY, PLAIN);
	is_ready = readiness_write(&snapshot, pages->ready_max_lag_ms, stream);
	snapshot_free(&snapshot);
	if (is_ready)
		(void) fputs("ready\n", stream);
	return end_text(&pages->latest, stream, is_ready ? HTTP_STATUS_OK : HTTP_STATUS_BUSY, PLAIN);
}

typedef struct Route
{
	const char *path;
	HttpAnswer	(*show) (Pages *pages, const HttpRequest *request);
} Route;

static const Route routes[] = {
	{"/metrics", show_metrics},
	{"/healthz", show_health},
	{"/readyz", show_readiness},
};

HttpAnswer
pages_answer(void *context, const HttpRequest *request)
{
	static const char missing[] = "there are /metrics, /healthz and /readyz\n";

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(request->path, routes[i].path) == 0)
			return routes[i].show(context, request);
	return make_answer(HTTP_STATUS_MISSING, PLAIN, missing, strlen(missing));
}
