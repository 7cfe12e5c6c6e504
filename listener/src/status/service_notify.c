/*-------------------------------------------------------------------------
 *
 * service_notify.c
 *	  Tells the service manager that started the daemon how it stands: sd_notify(3)'s
 *	  datagrams to NOTIFY_SOCKET.
 *
 * Written by hand: the protocol is a line of text in a datagram, which systemd promises to
 * keep (its "Interface Portability and Stability"), and libsystemd would load compression and
 * cryptography that a journal reader needs, into a process that holds passwords.
 *
 *-------------------------------------------------------------------------
 */
#include "status/service_notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_BYTES 512
#define STATUS_BYTES 256

/* Between two changes of the status that are told; until what was not taken is said again. */
#define STATUS_PAUSE_MS 1000
#define RETRY_MS 100

/* Messages that the manager has not taken yet. */
#define OWED_MAX 4

typedef enum Phase
{
	PHASE_STARTING,
	PHASE_READY,
	PHASE_RELOADING,
	PHASE_STOPPING
} Phase;

struct ServiceNotify
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	int			fd;				/* owned; -1 while nobody is told anything */
	struct sockaddr_un address;
	socklen_t	address_bytes;
	Phase		phase;
	char		owed[OWED_MAX][MESSAGE_BYTES];	/* the oldest first */
	size_t		owed_count;
	char		status[STATUS_BYTES];	/* that was told last */
	int64_t		status_ms;		/* when; a time before all others at first */
	int64_t		watchdog_ms;	/* between two signs of life; 0: none is
								 * wanted */
	LoopTimer	watchdog_timer;
	LoopTimer	retry_timer;	/* for what is owed */
	bool		has_failed;		/* a warning was logged */
};

/* --- sending --- */

static void
warn(ServiceNotify *notify, const char *reason)
{
	if (notify->has_failed)
		return;
	notify->has_failed = true;
	log_event(notify->log, LOG_LEVEL_WARNING, "cannot notify the service manager",
			  LOG_TEXT("reason", reason),
			  LOG_TEXT("advice", "start uncached by its systemd unit, or without NOTIFY_SOCKET in its environment"));
}

/* Also true where saying it again would not help. */
static bool
send_message(ServiceNotify *notify, const char *message)
{
	if (notify->fd < 0 ||
		sendto(notify->fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL,
			   (const struct sockaddr *) &notify->address, notify->address_bytes) >= 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return false;
	warn(notify, strerror(errno));
	return true;
}

/* In their order: a manager that has not heard of the reload would not hear of its end. */
static void
send_owed(ServiceNotify *notify)
{
	size_t		taken = 0;

	while (taken < notify->owed_count && send_message(notify, notify->owed[taken]))
		taken++;
	notify->owed_count -= taken;
	memmove(notify->owed[0], notify->owed[taken], notify->owed_count * sizeof(notify->owed[0]));
	if (notify->owed_count > 0 && !loop_timer_is_armed(&notify->retry_timer) &&
		!loop_timer_set(notify->loop, &notify->retry_timer, RETRY_MS))
		warn(notify, "out of memory");
}

/* Of too many the oldest goes: the last ones say how it stands. */
static void
say(ServiceNotify *notify, const char *lines)
{
	if (notify->owed_count == OWED_MAX)
		memmove(notify->owed[0], notify->owed[1], --notify->owed_count * sizeof(notify->owed[0]));
	(void) snprintf(notify->owed[notify->owed_count++], MESSAGE_BYTES, "%s", lines);
	send_owed(notify);
}

static void
retry(void *context)
{
	send_owed(context);
}

/* --- the watchdog --- */

static void
arm_watchdog(ServiceNotify *notify)
{
	if (notify->fd >= 0 && notify->watchdog_ms > 0 && !loop_timer_is_armed(&notify->watchdog_timer) &&
		!loop_timer_set(notify->loop, &notify->watchdog_timer, notify->watchdog_ms))
		warn(notify, "out of memory");
}

/* That this runs is the sign of life.  One that is not taken is soon followed by the next. */
static void
say_alive(void *context)
{
	ServiceNotify *notify = context;

	(void) send_message(notify, "WATCHDOG=1");
	arm_watchdog(notify);
}

/* A number of the environment; 0 if there is none. */
static uint64_t
read_number(const char *name)
{
	const char *text = getenv(name);
	char	   *end;
	uint64_t	number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : 0;
}

/* The watchdog may be meant for another process, which has started this one. */
static void
read_watchdog(ServiceNotify *notify)
{
	uint64_t	pid = read_number("WATCHDOG_PID");
	uint64_t	limit_us = read_number("WATCHDOG_USEC");

	if (limit_us == 0 || limit_us > INT64_MAX || (pid != 0 && pid != (uint64_t) getpid()))
		return;
	notify->watchdog_ms = (int64_t) (limit_us / 2 / 1000);
	if (notify->watchdog_ms == 0)
		notify->watchdog_ms = 1;
}

/* --- the interface --- */

/* A path, or behind "@" a name of Linux' abstract namespace, which has no zero at its end. */
static bool
fill_address(ServiceNotify *notify, const char *name)
{
	size_t		name_bytes = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || name_bytes < 2 ||
		name_bytes >= sizeof(notify->address.sun_path))
		return false;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, name_bytes);
	if (name[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->address_bytes = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + name_bytes);
	return true;
}

ServiceNotify *
service_notify_create(Loop *loop, const Log *log)
{
	ServiceNotify *notify = calloc(1, sizeof(*notify));
	const char *name = getenv("NOTIFY_SOCKET");

	if (notify == NULL)
		return NULL;
	notify->loop = loop;
	notify->log = log;
	notify->fd = -1;
	loop_timer_init(&notify->watchdog_timer, say_alive, notify);
	loop_timer_init(&notify->retry_timer, retry, notify);
	if (name == NULL || name[0] == '\0')
		return notify;
	if (!fill_address(notify, name))
	{
		warn(notify, "NOTIFY_SOCKET is neither a path nor an abstract name");
		return notify;
	}
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0)
		warn(notify, strerror(errno));
	read_watchdog(notify);
	arm_watchdog(notify);
	return notify;
}

void
service_notify_destroy(ServiceNotify *notify)
{
	if (notify == NULL)
		return;
	loop_timer_remove(notify->loop, &notify->watchdog_timer);
	loop_timer_remove(notify->loop, &notify->retry_timer);
	if (notify->fd >= 0)
		(void) close(notify->fd);
	free(notify);
}

/* systemctl status shows this text. */
static void
describe(const RelaySummary *summary, char *status, size_t status_bytes)
{
	int			used = snprintf(status, status_bytes, "%zu of %zu targets ready",
								summary->ready_count, summary->target_count);

	if (summary->alias != NULL)
		(void) snprintf(status + used, status_bytes - (size_t) used, "; %s: %s%s", summary->alias,
						summary->state, summary->has_redis ? "" : ", no Redis");
}

bool
service_notify_is_heard(const ServiceNotify *notify)
{
	return notify->fd >= 0 && notify->phase != PHASE_STOPPING;
}

void
service_notify_tell(ServiceNotify *notify, const RelaySummary *summary)
{
	bool		is_ready = summary->is_settled && notify->phase != PHASE_READY;
	int64_t		now_ms = loop_now_ms(notify->loop);
	char		status[STATUS_BYTES];
	char		lines[MESSAGE_BYTES];

	if (!service_notify_is_heard(notify))
		return;
	arm_watchdog(notify);
	if (!is_ready && (notify->owed_count > 0 || (notify->status[0] != '\0' &&
												 now_ms - notify->status_ms < STATUS_PAUSE_MS)))
		return;
	describe(summary, status, sizeof(status));
	if (!is_ready && strcmp(status, notify->status) == 0)
		return;
	(void) snprintf(lines, sizeof(lines), "%sSTATUS=%s", is_ready ? "READY=1\n" : "", status);
	if (is_ready)
		notify->phase = PHASE_READY;
	memcpy(notify->status, status, sizeof(status));
	notify->status_ms = now_ms;
	say(notify, lines);
}

void
service_notify_reload(ServiceNotify *notify)
{
	struct timespec now;
	char		lines[MESSAGE_BYTES];

	if (notify->fd < 0 || notify->phase == PHASE_STOPPING ||
		clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return;
	notify->phase = PHASE_RELOADING;
	(void) snprintf(lines, sizeof(lines),
					"RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reloading the configuration",
					(int64_t) now.tv_sec * 1000000 + (int64_t) now.tv_nsec / 1000);
	say(notify, lines);
}

void
service_notify_stop(ServiceNotify *notify)
{
	if (notify->fd < 0 || notify->phase == PHASE_STOPPING)
		return;
	notify->phase = PHASE_STOPPING;
	say(notify, "STOPPING=1\nSTATUS=finishing the batches in hand");
}
