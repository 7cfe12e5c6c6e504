/*-------------------------------------------------------------------------
 *
 * http_server.c
 *	  Answers HTTP requests from the loop.
 *
 *-------------------------------------------------------------------------
 */
#include "status/http_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/listen_address.h"

#define BACKLOG 64
#define OPEN_RETRY_MS 5000

/* Since it was accepted; all have the same time, so that the list is in the order of their ends. */
typedef struct HttpConnection HttpConnection;

struct HttpConnection
{
	HttpConnection *next;		/* borrowed */
	HttpConnection *last;
	int			fd;				/* borrowed */
	int64_t		deadline_ms;
};

struct HttpServer
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	HttpResponder respond;
	void	   *context;		/* borrowed */
	char	   *address;		/* owned; NULL while it is to listen nowhere */
	struct MHD_Daemon *daemon;	/* owned; NULL while closed */
	HttpConnection *first;		/* owned, as is the list */
	HttpConnection *end;
	const char *problem;		/* static; that was logged; NULL if none */
	int			problem_error;
	LoopWatch	watch;
	LoopTimer	run_timer;		/* armed while there is something left to do */
	LoopTimer	deadline_timer; /* armed while there are connections */
	LoopTimer	retry_timer;
};

/* --- the protocol's turn --- */

static void await_deadline(HttpServer *server);

static void
run(HttpServer *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	(void) MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES)
		loop_timer_remove(server->loop, &server->run_timer);
	else if (!loop_timer_set(server->loop, &server->run_timer, (int64_t) wait_ms))
		log_event(server->log, LOG_LEVEL_DEBUG, "cannot set a timer, an HTTP answer may be late");
}

static void
is_ready(void *context, short revents)
{
	(void) revents;
	run(context);
}

static void
has_more(void *context)
{
	run(context);
}

/* --- connections --- */

static void
link_connection(HttpServer *server, HttpConnection *connection)
{
	connection->last = server->end;
	if (server->end != NULL)
		server->end->next = connection;
	else
		server->first = connection;
	server->end = connection;
}

static void
unlink_connection(HttpServer *server, HttpConnection *connection)
{
	if (connection->last != NULL)
		connection->last->next = connection->next;
	else
		server->first = connection->next;
	if (connection->next != NULL)
		connection->next->last = connection->last;
	else
		server->end = connection->last;
}

/* Without memory one has no deadline; its number is bounded all the same. */
static void
begin_connection(HttpServer *server, struct MHD_Connection *of, void **socket_context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD);
	HttpConnection *connection = info != NULL ? calloc(1, sizeof(*connection)) : NULL;

	*socket_context = connection;
	if (connection == NULL)
		return;
	connection->fd = info->connect_fd;
	connection->deadline_ms = loop_now_ms(server->loop) + HTTP_SERVER_DEADLINE_MS;
	link_connection(server, connection);
	if (!loop_timer_is_armed(&server->deadline_timer))
		await_deadline(server);
}

static void
note_connection(void *context, struct MHD_Connection *of, void **socket_context,
				enum MHD_ConnectionNotificationCode code)
{
	HttpServer *server = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		begin_connection(server, of, socket_context);
	else if (*socket_context != NULL)
	{
		unlink_connection(server, *socket_context);
		free(*socket_context);
		*socket_context = NULL;
	}
}

/* The library notices that the socket is shut, and closes it. */
static void
deadline_passed(void *context)
{
	HttpServer *server = context;
	int64_t		now_ms = loop_now_ms(server->loop);

	for (HttpConnection *connection = server->first;
		 connection != NULL && connection->deadline_ms <= now_ms; connection = connection->next)
	{
		(void) shutdown(connection->fd, SHUT_RDWR);
		connection->deadline_ms = now_ms + HTTP_SERVER_DEADLINE_MS;
	}
	run(server);
	await_deadline(server);
}

/* Deadlines that were moved belong to sockets that are shut: any later look will do. */
static void
await_deadline(HttpServer *server)
{
	if (server->first != NULL &&
		!loop_timer_set(server->loop, &server->deadline_timer,
						server->first->deadline_ms - loop_now_ms(server->loop)))
		log_event(server->log, LOG_LEVEL_DEBUG, "cannot set a timer, slow HTTP connections stay");
}

/* --- answering --- */

/* The library copies what it is given here, and does not write to it. */
static void *
unconst(const char *body)
{
	union
	{
		const char *from;
		void	   *to;
	}			cast = {.from = body};

	return cast.to;
}

/* Each connection is for one request: what stays open is in nobody's way then. */
static enum MHD_Result
send_answer(struct MHD_Connection *connection, const HttpAnswer *answer, const char *allow)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(answer->body_bytes,
																	unconst(answer->body),
																	MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (response == NULL)
		return MHD_NO;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) == MHD_YES &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
		(allow == NULL || MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow) == MHD_YES))
		result = MHD_queue_response(connection, (unsigned int) answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
take_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
			 const char *version, const char *upload, size_t *upload_bytes, void **request_context)
{
	static const char refusal[] = "GET and HEAD only\n";
	static const HttpAnswer refused = {
		MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", refusal, sizeof(refusal) - 1
	};
	HttpServer *server = context;
	HttpRequest request;
	HttpAnswer	answer;

	(void) version;
	(void) upload;
	(void) upload_bytes;
	(void) request_context;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_answer(connection, &refused, "GET, HEAD");
	request.path = url;
	request.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	answer = server->respond(server->context, &request);
	return send_answer(connection, &answer, NULL);
}

/* --- opening --- */

static void
close_server(HttpServer *server)
{
	loop_timer_remove(server->loop, &server->retry_timer);
	loop_timer_remove(server->loop, &server->run_timer);
	loop_timer_remove(server->loop, &server->deadline_timer);
	loop_watch_remove(server->loop, &server->watch);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}

/* -1 with errno. */
static int
open_socket(const ListenAddress *address)
{
	int			fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int			on = 1;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(fd, (const struct sockaddr *) &address->storage, address->bytes) != 0 ||
		listen(fd, BACKLOG) != 0)
	{
		int			saved_errno = errno;

		(void) close(fd);
		errno = saved_errno;
		return -1;
	}
	return fd;
}

/* The socket is the library's then; one that it cannot use it leaves open. */
static bool
start_library(HttpServer *server, int fd, bool is_ipv6)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | (is_ipv6 ? MHD_USE_IPv6 : 0), 0, NULL, NULL,
									  take_request, server,
									  MHD_OPTION_LISTEN_SOCKET, fd,
									  MHD_OPTION_CONNECTION_LIMIT, (unsigned int) HTTP_SERVER_CONNECTIONS_MAX,
									  MHD_OPTION_PER_IP_CONNECTION_LIMIT,
									  (unsigned int) HTTP_SERVER_CONNECTIONS_OF_ONE_MAX,
									  MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_SERVER_HEAD_BYTES_MAX,
									  MHD_OPTION_NOTIFY_CONNECTION, note_connection, server,
									  MHD_OPTION_END);
	if (server->daemon == NULL)
	{
		(void) close(fd);
		return false;
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info != NULL && loop_watch_set(server->loop, &server->watch, info->epoll_fd, POLLIN);
}

/* A static text that says why not, with errno where that says more, else NULL. */
static const char *
open_server(HttpServer *server)
{
	ListenAddress address;
	int			fd;

	errno = 0;
	if (!listen_address_parse(server->address, &address))
		return "it is not an address";
	fd = open_socket(&address);
	if (fd < 0)
		return "cannot listen there";
	errno = 0;
	if (!start_library(server, fd, address.storage.ss_family == AF_INET6))
		return "cannot start libmicrohttpd";
	return NULL;
}

/* Once, until it is another one. */
static void
log_problem(HttpServer *server, const char *problem, int error)
{
	if (problem == server->problem && error == server->problem_error)
		return;
	server->problem = problem;
	server->problem_error = error;
	log_event(server->log, LOG_LEVEL_ERROR, "cannot serve HTTP, trying again",
			  LOG_TEXT("http", server->address),
			  LOG_TEXT("reason", problem),
			  LOG_TEXT("error", error != 0 ? strerror(error) : ""),
			  LOG_TEXT("advice", "set http to an address of this machine and a port that nobody else has"),
			  LOG_NUMBER("retry_ms", OPEN_RETRY_MS));
}

static void
open_or_retry(void *context)
{
	HttpServer *server = context;
	const char *problem = open_server(server);

	if (problem == NULL)
	{
		server->problem = NULL;
		log_event(server->log, LOG_LEVEL_INFO, "serving HTTP", LOG_TEXT("http", server->address));
		return;
	}
	log_problem(server, problem, errno);
	close_server(server);
	if (!loop_timer_set(server->loop, &server->retry_timer, OPEN_RETRY_MS))
		log_event(server->log, LOG_LEVEL_WARNING, "cannot set a timer, HTTP is not served",
				  LOG_TEXT("advice", "give the daemon more memory, then send SIGHUP"));
}

/* --- the interface --- */

HttpServer *
http_server_create(Loop *loop, const Log *log, HttpResponder respond, void *context)
{
	HttpServer *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return NULL;
	server->loop = loop;
	server->log = log;
	server->respond = respond;
	server->context = context;
	loop_watch_init(&server->watch, is_ready, server);
	loop_timer_init(&server->run_timer, has_more, server);
	loop_timer_init(&server->deadline_timer, deadline_passed, server);
	loop_timer_init(&server->retry_timer, open_or_retry, server);
	return server;
}

void
http_server_destroy(HttpServer *server)
{
	if (server == NULL)
		return;
	close_server(server);
	free(server->address);
	free(server);
}

void
http_server_listen(HttpServer *server, const char *address)
{
	if (address != NULL && server->address != NULL && strcmp(address, server->address) == 0)
		return;
	close_server(server);
	free(server->address);
	server->address = address != NULL ? strdup(address) : NULL;
	server->problem = NULL;
	if (server->address != NULL)
		open_or_retry(server);
	else if (address != NULL)
		log_event(server->log, LOG_LEVEL_ERROR, "cannot serve HTTP: out of memory",
				  LOG_TEXT("advice", "give the daemon more memory, then send SIGHUP"));
}
