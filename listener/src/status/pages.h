/*-------------------------------------------------------------------------
 *
 * pages.h
 *	  What the daemon shows at which path: /metrics, /healthz, /readyz.
 *
 * However often somebody asks, metrics are made ten times a second at most.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PAGES_H
#define UNCACHED_PAGES_H

#include "base/loop.h"
#include "relay/relay.h"
#include "status/http_server.h"
#include "status/metric_text.h"

typedef struct PageText
{
	char	   *text;			/* owned; NULL if there is none */
	size_t		byte_count;
	int64_t		made_ms;
} PageText;

typedef struct Pages
{
	const Loop *loop;			/* borrowed */
	const Relay *relay;			/* borrowed */
	int64_t		started_at_us;	/* since 1970 */
	int64_t		ready_max_lag_ms;
	PageText	metrics[METRIC_FORMAT_COUNT];
	PageText	latest;			/* of the other pages */
} Pages;

/* Prepares caller's storage, to be freed by pages_free.  The relay may be set later, before any request. */
extern void pages_init(Pages *pages, const Loop *loop);
extern void pages_free(Pages *pages);

/* An HttpResponder; the context is a Pages. */
extern HttpAnswer pages_answer(void *context, const HttpRequest *request);

#endif
