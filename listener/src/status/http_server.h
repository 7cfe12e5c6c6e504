/*-------------------------------------------------------------------------
 *
 * http_server.h
 *	  Answers HTTP requests from the loop.
 *
 * libmicrohttpd does the protocol, without a thread of its own: its epoll descriptor is a
 * watch.  GET and HEAD only; one request for each connection, which may take
 * HTTP_SERVER_DEADLINE_MS in all, however fast bytes come; so many connections, and so many
 * from one address; requests of a bounded size.  Where the address cannot be had, the log says so
 * and it is tried again: nothing else depends on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_HTTP_SERVER_H
#define UNCACHED_HTTP_SERVER_H

#include <stddef.h>

#include "base/log.h"
#include "base/loop.h"

#define HTTP_SERVER_CONNECTIONS_MAX 64
#define HTTP_SERVER_CONNECTIONS_OF_ONE_MAX 32
#define HTTP_SERVER_DEADLINE_MS 5000

/* For the line and the headers of a request, and for those of the answer. */
#define HTTP_SERVER_HEAD_BYTES_MAX ((size_t) 16 * 1024)

#define HTTP_STATUS_OK 200
#define HTTP_STATUS_MISSING 404
#define HTTP_STATUS_BUSY 503

typedef struct HttpServer HttpServer;

/* Valid during the call. */
typedef struct HttpRequest
{
	const char *path;
	const char *accept;			/* the header, or NULL */
} HttpRequest;

/* Borrowed until the next call. */
typedef struct HttpAnswer
{
	int			status;
	const char *content_type;
	const char *body;
	size_t		body_bytes;
} HttpAnswer;

typedef HttpAnswer (*HttpResponder) (void *context, const HttpRequest *request);

/* loop, log and context are borrowed.  NULL if memory is exhausted. */
extern HttpServer *http_server_create(Loop *loop, const Log *log, HttpResponder respond,
									  void *context);

/* Closes all connections.  NULL is allowed. */
extern void http_server_destroy(HttpServer *server);

/*
 * Listens there from now on (listen_address.h), which is copied; NULL is nowhere.  At the same
 * address nothing changes.
 */
extern void http_server_listen(HttpServer *server, const char *address);

#endif
