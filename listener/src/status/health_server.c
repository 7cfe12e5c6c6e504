/*-------------------------------------------------------------------------
 *
 * health_server.c
 *	  Answers whoever connects to the health socket, from the loop: that there is
 *	  an answer says that the loop turns.
 *
 * An answer fits into a socket's buffer, so that one write is all of it, and the
 * reader finds it there after the close.
 *
 *-------------------------------------------------------------------------
 */
#include "status/health_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* In one turn of the loop; more wait for the next. */
#define ACCEPTED_MAX 16

/*
 * When it is tried again to open the socket, or looked whether it is still there; or tried to
 * accept again where descriptors are short.
 */
#define OPEN_RETRY_MS 5000
#define ACCEPT_RETRY_MS 1000

struct HealthServer
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	HealthTeller tell;
	void	   *context;		/* borrowed */
	char	   *path;			/* owned; NULL while it is to listen nowhere */
	int			fd;				/* owned; -1 while closed */
	dev_t		device;			/* of the file at path, while fd is open */
	ino_t		inode;
	const char *problem;		/* static; that was logged; NULL if none */
	int			problem_error;
	LoopWatch	watch;
	LoopTimer	retry_timer;
};

/* Without memory for that, what is to be tried stays undone until a reload. */
static void
retry_after(HealthServer *server, int64_t delay_ms)
{
	if (!loop_timer_set(server->loop, &server->retry_timer, delay_ms))
		log_event(server->log, LOG_LEVEL_WARNING, "cannot set a timer, the health socket stays closed");
}

/* --- answering --- */

static void
answer(const HealthServer *server, int fd)
{
	char	   *text = NULL;
	size_t		text_bytes = 0;
	FILE	   *stream = open_memstream(&text, &text_bytes);

	if (stream == NULL)
		return;
	server->tell(server->context, stream);
	if (fclose(stream) == 0)
		(void) send(fd, text, text_bytes < HEALTH_ANSWER_BYTES_MAX ? text_bytes :
					HEALTH_ANSWER_BYTES_MAX, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(text);
}

/* A listener that cannot accept would be ready again and again. */
static void
pause_listening(HealthServer *server)
{
	loop_watch_remove(server->loop, &server->watch);
	retry_after(server, ACCEPT_RETRY_MS);
}

static void
accept_some(void *context, short revents)
{
	HealthServer *server = context;

	(void) revents;
	for (int i = 0; i < ACCEPTED_MAX; i++)
	{
		int			fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
		{
			answer(server, fd);
			(void) close(fd);
		}
		else if (errno != EINTR && errno != ECONNABORTED)
		{
			if (errno != EAGAIN)
				pause_listening(server);
			return;
		}
	}
}

/* --- opening --- */

static void
fill_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strnlen(path, sizeof(address->sun_path) - 1));
}

/*
 * Makes room at the path.  A static text that says why not, with errno where that says
 * more, else NULL.
 */
static const char *
clear_path(const char *path)
{
	struct sockaddr_un address;
	struct stat status;
	int			probe;
	bool		is_dead;

	errno = 0;
	if (lstat(path, &status) != 0)
		return errno == ENOENT ? NULL : "cannot examine its path";
	if (!S_ISSOCK(status.st_mode))
		return "another file has this path";
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return "cannot create a socket";
	fill_address(&address, path);
	is_dead = connect(probe, (const struct sockaddr *) &address, sizeof(address)) != 0 &&
		errno == ECONNREFUSED;
	(void) close(probe);
	errno = 0;
	if (!is_dead)
		return "another process listens there";
	return unlink(path) == 0 || errno == ENOENT ? NULL : "cannot remove what a dead process left there";
}

/* The mode has to be there before anybody can connect. */
static const char *
bind_socket(HealthServer *server)
{
	struct sockaddr_un address;
	struct stat status;

	fill_address(&address, server->path);
	if (fchmod(server->fd, S_IRUSR | S_IWUSR) != 0 ||
		bind(server->fd, (const struct sockaddr *) &address, sizeof(address)) != 0)
		return "cannot create it";
	if (lstat(server->path, &status) != 0 || listen(server->fd, BACKLOG) != 0)
		return "cannot listen on it";
	server->device = status.st_dev;
	server->inode = status.st_ino;
	return NULL;
}

/* Is what was bound still at the path? */
static bool
is_in_place(const HealthServer *server)
{
	struct stat status;

	return lstat(server->path, &status) == 0 && status.st_dev == server->device &&
		status.st_ino == server->inode;
}

/* Whoever has put another file there keeps it. */
static void
close_socket(HealthServer *server)
{
	loop_timer_remove(server->loop, &server->retry_timer);
	loop_watch_remove(server->loop, &server->watch);
	if (server->fd < 0)
		return;
	if (is_in_place(server))
		(void) unlink(server->path);
	(void) close(server->fd);
	server->fd = -1;
}

static const char *
open_socket(HealthServer *server)
{
	const char *problem = clear_path(server->path);

	if (problem != NULL)
		return problem;
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0)
		return "cannot create a socket";
	problem = bind_socket(server);
	if (problem != NULL)
	{
		int			saved_errno = errno;

		(void) close(server->fd);
		server->fd = -1;
		errno = saved_errno;
	}
	return problem;
}

/* Once, until it is another one. */
static void
log_problem(HealthServer *server, const char *problem, int error)
{
	if (problem == server->problem && error == server->problem_error)
		return;
	server->problem = problem;
	server->problem_error = error;
	log_event(server->log, LOG_LEVEL_ERROR, "cannot open the health socket, trying again",
			  LOG_TEXT("path", server->path),
			  LOG_TEXT("reason", problem),
			  LOG_TEXT("error", error != 0 ? strerror(error) : ""),
			  LOG_TEXT("advice", "set health_socket to a path of its own, in a directory that the daemon may write to"),
			  LOG_NUMBER("retry_ms", OPEN_RETRY_MS));
}

static void
open_or_retry(HealthServer *server)
{
	const char *problem = open_socket(server);

	if (problem != NULL)
	{
		log_problem(server, problem, errno);
		retry_after(server, OPEN_RETRY_MS);
		return;
	}
	server->problem = NULL;
	log_event(server->log, LOG_LEVEL_INFO, "health socket is open",
			  LOG_TEXT("path", server->path));
	if (!loop_watch_set(server->loop, &server->watch, server->fd, POLLIN))
		pause_listening(server);
	else
		retry_after(server, OPEN_RETRY_MS);
}

/* Nobody finds a socket whose file somebody has removed. */
static void
try_again(void *context)
{
	HealthServer *server = context;

	if (server->fd >= 0 && !is_in_place(server))
		close_socket(server);
	if (server->fd < 0)
		open_or_retry(server);
	else if (!loop_watch_set(server->loop, &server->watch, server->fd, POLLIN))
		pause_listening(server);
	else
		retry_after(server, OPEN_RETRY_MS);
}

/* --- the interface --- */

HealthServer *
health_server_create(Loop *loop, const Log *log, HealthTeller tell, void *context)
{
	HealthServer *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return NULL;
	server->loop = loop;
	server->log = log;
	server->tell = tell;
	server->context = context;
	server->fd = -1;
	loop_watch_init(&server->watch, accept_some, server);
	loop_timer_init(&server->retry_timer, try_again, server);
	return server;
}

void
health_server_destroy(HealthServer *server)
{
	if (server == NULL)
		return;
	close_socket(server);
	free(server->path);
	free(server);
}

void
health_server_listen(HealthServer *server, const char *path)
{
	if (path != NULL && server->path != NULL && strcmp(path, server->path) == 0)
		return;
	close_socket(server);
	free(server->path);
	server->path = path != NULL ? strdup(path) : NULL;
	server->problem = NULL;
	if (server->path != NULL)
		open_or_retry(server);
	else if (path != NULL)
		log_event(server->log, LOG_LEVEL_ERROR, "cannot open the health socket: out of memory",
				  LOG_TEXT("advice", "give the daemon more memory, then send SIGHUP"));
}
