/*-------------------------------------------------------------------------
 *
 * main.c
 *	  Arguments → objects → run → teardown; the only exit().
 *
 * Signals go through a pipe into the loop.  The relay knows what a stop or a reload
 * means for each target.  All that is said on standard error goes through log_output,
 * which waits for nobody for long.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/standard_streams.h"
#include "config/config_cli.h"
#include "config/config_fields.h"
#include "config/config_load.h"
#include "relay/relay.h"
#include "status/health_server.h"
#include "status/http_server.h"
#include "status/minute_log.h"
#include "status/pages.h"
#include "status/service_notify.h"
#include "status/status_command.h"

/* For whoever reads the last lines of the log. */
#define FLUSH_WAIT_MS 300

#define ERROR_BYTES STANDARD_STREAMS_PROBLEM_BYTES

/* A longer one is cut in messages. */
#define PATH_SHOWN_BYTES 300

enum
{
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_REFUSED = 2
};

typedef struct Daemon
{
	int			argument_count;
	char	  **arguments;		/* owned; as they were before secrets were
								 * hidden */
	Config	   *config;			/* held */
	Loop	   *loop;			/* owned */
	Relay	   *relay;			/* owned; borrows loop and log */
	HealthServer *health;		/* owned; borrows loop and log */
	HttpServer *http;			/* owned; borrows loop, log and pages */
	Pages		pages;			/* borrows loop and relay */
	ServiceNotify *notify;		/* owned; borrows loop and log */
	Log			log;
	LogOutput	output;			/* of the log */
	bool		logs_to_file;	/* and not to standard error */
	int			signal_pipe_fds[2]; /* owned; -1 if not open */
	LoopWatch	signal_watch;
	bool		is_stopping;	/* a signal has asked for it */
} Daemon;

static volatile sig_atomic_t signal_write_fd = -1;
static volatile sig_atomic_t exit_signal_count = 0;

/*
 * The second signal to exit does not go through the loop, which may be what is
 * stuck.  A byte that finds the pipe full may be lost: enough are in it.
 */
static void
handle_signal(int signal_number)
{
	int			saved_errno = errno;
	char		byte = (char) signal_number;
	ssize_t		written;

	if (signal_number != SIGHUP && signal_number != SIGUSR1)
	{
		exit_signal_count = exit_signal_count + 1;
		if (exit_signal_count > 1)
			_exit(STATUS_FAILED);
	}
	written = write(signal_write_fd, &byte, 1);
	(void) written;
	errno = saved_errno;
}

static bool
copy_arguments(Daemon *daemon, int argc, char *const argv[])
{
	daemon->arguments = calloc((size_t) argc + 1, sizeof(*daemon->arguments));
	if (daemon->arguments == NULL)
		return false;
	for (daemon->argument_count = 0; daemon->argument_count < argc; daemon->argument_count++)
	{
		char	   *copy = strdup(argv[daemon->argument_count]);

		if (copy == NULL)
			return false;
		daemon->arguments[daemon->argument_count] = copy;
	}
	return true;
}

static void
free_arguments(Daemon *daemon)
{
	for (int i = 0; i < daemon->argument_count; i++)
	{
		explicit_bzero(daemon->arguments[i], strlen(daemon->arguments[i]));
		free(daemon->arguments[i]);
	}
	free(daemon->arguments);
}

static uint64_t
random_seed(void)
{
	uint64_t	seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t) sizeof(seed))
		seed = (uint64_t) time(NULL) ^ ((uint64_t) getpid() << 32);
	return seed;
}

/* --- the log file --- */

static bool
open_log(Daemon *daemon)
{
	const char *path = daemon->config->log_file;
	char		problem[ERROR_BYTES];

	if (path == NULL)
		return true;
	daemon->logs_to_file = log_output_open_file(&daemon->output, path);
	if (daemon->logs_to_file)
		return true;
	(void) snprintf(problem, sizeof(problem), "cannot open the log file %.*s: %s",
					PATH_SHOWN_BYTES, path, strerror(errno));
	standard_streams_say(&daemon->output, problem);
	return false;
}

/* The file may have been renamed, or another one be configured. */
static void
reopen_log(Daemon *daemon, const Config *config)
{
	const char *path = config->log_file;

	if (path == NULL)
	{
		if (daemon->logs_to_file)
			log_output_use(&daemon->output, STDERR_FILENO);
		daemon->logs_to_file = false;
	}
	else if (log_output_open_file(&daemon->output, path))
	{
		daemon->logs_to_file = true;
		log_event(&daemon->log, LOG_LEVEL_INFO, "log file opened", LOG_TEXT("file", path));
	}
	else
		log_event(&daemon->log, LOG_LEVEL_ERROR,
				  "cannot open the log file: the log stays where it is",
				  LOG_TEXT("file", path), LOG_TEXT("error", strerror(errno)),
				  LOG_TEXT("advice", "allow the daemon's user to create and write this file, then send SIGUSR1"));
}

/* --- the relay --- */

/* What all targets share: it changes at once. */
static void
take_log_settings(Daemon *daemon)
{
	daemon->log.level = daemon->config->log_level;
	daemon->log.format = daemon->config->log_format;
}

static void
tell_health(void *context, FILE *stream)
{
	const Daemon *daemon = context;

	relay_describe(daemon->relay, stream);
}

/* At start, and after a reload. */
static void
show_status(Daemon *daemon)
{
	const Config *config = daemon->config;

	daemon->pages.relay = daemon->relay;
	daemon->pages.ready_max_lag_ms = config->ready_max_lag_ms;
	health_server_listen(daemon->health, config->health_socket);
	http_server_listen(daemon->http, config->http);
}

static void
hide_status(Daemon *daemon)
{
	http_server_destroy(daemon->http);
	health_server_destroy(daemon->health);
	pages_free(&daemon->pages);
	daemon->http = NULL;
	daemon->health = NULL;
}

static bool
start_relay(Daemon *daemon)
{
	log_event(&daemon->log, LOG_LEVEL_INFO, "started", LOG_TEXT("version", UNCACHED_VERSION),
			  LOG_NUMBER("targets", (int64_t) daemon->config->target_count));
	daemon->relay = relay_create(daemon->loop, &daemon->log, daemon->config, random_seed());
	if (daemon->relay == NULL)
		log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot start the relay: out of memory",
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
	return daemon->relay != NULL;
}

static void
refuse_reload(Daemon *daemon, const char *error)
{
	log_event(&daemon->log, LOG_LEVEL_ERROR, "configuration refused: the old one stays in effect",
			  LOG_TEXT("error", error),
			  LOG_TEXT("advice", "when uncached --check-config accepts it, send SIGHUP again"));
}

/* The log file comes first: who has renamed it looks into the new one. */
static void
reload(Daemon *daemon)
{
	char		error[ERROR_BYTES] = "";
	Config	   *config = NULL;
	RelayChanges changes;

	if (daemon->is_stopping)
	{
		reopen_log(daemon, daemon->config);
		return;
	}
	service_notify_reload(daemon->notify);
	if (config_load(daemon->argument_count, daemon->arguments, environ, &config, error,
					sizeof(error)) != CONFIG_LOADED)
	{
		reopen_log(daemon, daemon->config);
		refuse_reload(daemon, error);
		return;
	}
	reopen_log(daemon, config);
	if (!relay_reload(daemon->relay, config, &changes))
	{
		reopen_log(daemon, daemon->config);
		refuse_reload(daemon, "out of memory");
		config_release(config);
		return;
	}
	config_release(daemon->config);
	daemon->config = config;
	take_log_settings(daemon);
	show_status(daemon);
	log_event(&daemon->log, LOG_LEVEL_INFO, "configuration reloaded",
			  LOG_TEXT("version", UNCACHED_VERSION),
			  LOG_NUMBER("targets", (int64_t) config->target_count),
			  LOG_NUMBER("unchanged", (int64_t) changes.unchanged),
			  LOG_NUMBER("changed", (int64_t) changes.changed),
			  LOG_NUMBER("added", (int64_t) changes.added),
			  LOG_NUMBER("removed", (int64_t) changes.removed));
}

static void
read_signals(void *context, short revents)
{
	Daemon	   *daemon = context;
	char		signals[64];
	ssize_t		count = read(daemon->signal_pipe_fds[0], signals, sizeof(signals));

	(void) revents;
	for (ssize_t i = 0; i < count; i++)
	{
		if (signals[i] == SIGHUP)
			reload(daemon);
		else if (signals[i] == SIGUSR1)
			reopen_log(daemon, daemon->config);
		else
		{
			log_event(&daemon->log, LOG_LEVEL_INFO, "stopping",
					  LOG_NUMBER("signal", signals[i]));
			daemon->is_stopping = true;
			service_notify_stop(daemon->notify);
			relay_stop(daemon->relay);
		}
	}
}

static bool
catch_signals(Daemon *daemon)
{
	static const int caught[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	struct sigaction action = {.sa_handler = handle_signal,.sa_flags = SA_RESTART};

	if (pipe2(daemon->signal_pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0 ||
		!loop_watch_set(daemon->loop, &daemon->signal_watch, daemon->signal_pipe_fds[0],
						POLLIN))
		return false;
	signal_write_fd = daemon->signal_pipe_fds[1];
	(void) sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
	{
		if (sigaction(caught[i], &action, NULL) != 0)
			return false;
	}
	return true;
}

/*
 * An interrupted --once must not claim that everything pending was applied.
 */
static int
exit_status(const Daemon *daemon, RelayState state)
{
	if (daemon->is_stopping)
		return daemon->config->once ? STATUS_FAILED : STATUS_OK;
	return state == RELAY_STOPPED ? STATUS_OK : STATUS_FAILED;
}

static int
run(Daemon *daemon)
{
	for (;;)
	{
		RelayState	state = relay_advance(daemon->relay);
		RelaySummary summary;

		if (state != RELAY_RUNNING)
			return exit_status(daemon, state);
		if (service_notify_is_heard(daemon->notify))
		{
			relay_summarize(daemon->relay, &summary);
			service_notify_tell(daemon->notify, &summary);
		}
		if (!loop_turn(daemon->loop, -1))
		{
			log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot wait for events",
					  LOG_TEXT("error", strerror(errno)),
					  LOG_TEXT("advice", "start uncached again; check the limits of memory and descriptors"));
			return STATUS_FAILED;
		}
	}
}

static int
start_and_run(Daemon *daemon)
{
	int			status = STATUS_FAILED;

	if (!open_log(daemon))
		return STATUS_REFUSED;
	take_log_settings(daemon);
	daemon->loop = loop_create();
	if (daemon->loop != NULL)
	{
		pages_init(&daemon->pages, daemon->loop);
		daemon->health = health_server_create(daemon->loop, &daemon->log, tell_health, daemon);
		daemon->http = http_server_create(daemon->loop, &daemon->log, pages_answer, &daemon->pages);
		daemon->notify = service_notify_create(daemon->loop, &daemon->log);
	}
	if (daemon->health == NULL || daemon->http == NULL || daemon->notify == NULL ||
		!standard_streams_ignore_signals() || !catch_signals(daemon))
	{
		log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot set up the event loop",
				  LOG_TEXT("error", strerror(errno)),
				  LOG_TEXT("advice", "raise the limits of memory and descriptors (ulimit -n), and start uncached again"));
		return STATUS_FAILED;
	}
	log_output_set_loop(&daemon->output, daemon->loop);
	if (start_relay(daemon))
	{
		MinuteLog  *minute_log = minute_log_create(daemon->loop, &daemon->log, daemon->relay);

		show_status(daemon);
		status = run(daemon);
		minute_log_destroy(minute_log);
		hide_status(daemon);
		relay_destroy(daemon->relay);
		log_event(&daemon->log, LOG_LEVEL_INFO, "stopped", LOG_NUMBER("exit_status", status));
	}
	return status;
}

static void
tear_down(Daemon *daemon)
{
	log_output_flush(&daemon->output, FLUSH_WAIT_MS);
	log_output_close(&daemon->output);
	signal_write_fd = -1;
	for (int i = 0; i < 2; i++)
	{
		if (daemon->signal_pipe_fds[i] >= 0)
			(void) close(daemon->signal_pipe_fds[i]);
	}
	hide_status(daemon);
	service_notify_destroy(daemon->notify);
	loop_destroy(daemon->loop);
	config_release(daemon->config);
	free_arguments(daemon);
}

/* Of --status 2 would mean that a target is in trouble. */
static int
refuse(Daemon *daemon, const char *error)
{
	bool		is_json;

	standard_streams_say(&daemon->output, error);
	if (!config_cli_asks_status(daemon->argument_count, daemon->arguments, &is_json))
		return STATUS_REFUSED;
	return status_command_refuse(is_json, error, stdout);
}

static int
load_and_run(Daemon *daemon, int argc, char *argv[])
{
	char		error[ERROR_BYTES] = "";

	switch (config_load(argc, argv, environ, &daemon->config, error, sizeof(error)))
	{
		case CONFIG_HELP:
			return standard_streams_finish(&daemon->output) ? STATUS_OK : STATUS_FAILED;
		case CONFIG_REFUSED:
			return refuse(daemon, error);
		case CONFIG_LOADED:
			break;
	}
	config_hide_secrets(argc, argv);
	return answer_is_asked(daemon->config) ? answer_give(daemon->config, &daemon->output) :
		start_and_run(daemon);
}

int
main(int argc, char *argv[])
{
	Daemon		daemon = {
		.log = {.level = LOG_LEVEL_INFO,.format = LOG_FORMAT_LOGFMT,.output = &daemon.output},
		.signal_pipe_fds = {-1, -1}
	};
	int			status = STATUS_FAILED;
	bool		can_start = standard_streams_open() && copy_arguments(&daemon, argc, argv);
	int			error = errno;
	char		problem[ERROR_BYTES];

	log_output_init(&daemon.output, STDERR_FILENO, log_write_notice, &daemon.log);
	loop_watch_init(&daemon.signal_watch, read_signals, &daemon);
	if (can_start)
		status = load_and_run(&daemon, argc, argv);
	else
	{
		(void) snprintf(problem, sizeof(problem), "cannot start: %s", strerror(error));
		standard_streams_say(&daemon.output, problem);
	}
	tear_down(&daemon);
	exit(status);
}
