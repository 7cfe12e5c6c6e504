/*-------------------------------------------------------------------------
 *
 * main.c
 *	  Arguments → objects → run → teardown; the only exit().
 *
 * Signals go through a pipe into the loop.  A stop or a reload asks the relay
 * to finish the batch in hand and gives it STOP_WAIT_MS; after that, what was
 * not acknowledged is simply repeated by the next one.
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

#include "config.h"
#include "log.h"
#include "loop.h"
#include "relay.h"

#define STOP_WAIT_MS 4500
#define ERROR_BYTES 512

enum
{
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_REFUSED = 2
};

/* Why the relay was asked to stop. */
typedef enum StopReason
{
	STOP_NOT,
	STOP_RELOAD,				/* next_config takes over */
	STOP_EXIT
} StopReason;

typedef struct Daemon
{
	int			argument_count;
	char	  **arguments;		/* owned; as they were before secrets were
								 * hidden */
	Config	   *config;			/* owned */
	Config	   *next_config;	/* owned; set while reloading */
	Loop	   *loop;			/* owned */
	Relay	   *relay;			/* owned; borrows loop, log and config */
	Log			log;
	int			signal_pipe_fds[2]; /* owned; -1 if not open */
	LoopWatch	signal_watch;
	LoopTimer	stop_timer;
	StopReason	stop_reason;
	bool		stop_wait_is_over;
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

	if (signal_number != SIGHUP)
	{
		exit_signal_count = exit_signal_count + 1;
		if (exit_signal_count > 1)
			_exit(STATUS_FAILED);
	}
	written = write(signal_write_fd, &byte, 1);
	(void) written;
	errno = saved_errno;
}

/* Else a socket could become standard error, and get the log. */
static bool
open_standard_fds(void)
{
	int			fd;

	do
	{
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	(void) close(fd);
	return true;
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

static void
log_target(const Daemon *daemon, const TargetConfig *target)
{
	static const char event[] = "target configured";
	char		address[ERROR_BYTES];

	url_describe(&target->url, address, sizeof(address));
	if (target->scan_rate > 0)
		log_event(&daemon->log, LOG_LEVEL_INFO, event, LOG_TEXT("target", target->alias),
				  LOG_TEXT("redis", address), LOG_NUMBER("scan_rate", target->scan_rate));
	else
		log_event(&daemon->log, LOG_LEVEL_INFO, event, LOG_TEXT("target", target->alias),
				  LOG_TEXT("redis", address));
	if (target->stagger_ms > 0)
		log_event(&daemon->log, LOG_LEVEL_INFO, "keys are staggered where a transaction has many",
				  LOG_TEXT("target", target->alias),
				  LOG_NUMBER("stagger_ms", target->stagger_ms),
				  LOG_NUMBER("stagger_from", target->stagger_from));
	if (target->sweep_ms > 0)
		log_event(&daemon->log, LOG_LEVEL_INFO, "tags are swept of names whose keys are gone",
				  LOG_TEXT("target", target->alias), LOG_NUMBER("sweep_ms", target->sweep_ms));
	if (target->standbys != NULL)
		log_event(&daemon->log, LOG_LEVEL_INFO, "deletes are made again when standbys have replayed the change",
				  LOG_TEXT("target", target->alias), LOG_TEXT("standbys", target->standbys),
				  LOG_NUMBER("standby_timeout_ms", target->standby_timeout_ms));
}

/* The config in force becomes what log and relay work by. */
static bool
start_relay(Daemon *daemon, const char *event)
{
	const Config *config = daemon->config;

	daemon->log.level = config->log_level;
	daemon->log.format = config->log_format;
	log_event(&daemon->log, LOG_LEVEL_INFO, event, LOG_TEXT("version", UNCACHED_VERSION),
			  LOG_NUMBER("targets", (int64_t) config->target_count));
	for (size_t i = 0; i < config->target_count; i++)
		log_target(daemon, &config->targets[i]);
	daemon->stop_reason = STOP_NOT;
	daemon->stop_wait_is_over = false;
	daemon->relay = relay_create(daemon->loop, &daemon->log, config, random_seed());
	if (daemon->relay == NULL)
		log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot start the relay: out of memory",
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
	return daemon->relay != NULL;
}

static void
end_stop_wait(void *context)
{
	Daemon	   *daemon = context;

	log_event(&daemon->log, LOG_LEVEL_WARNING,
			  "the batch in hand is given up: it will be repeated",
			  LOG_NUMBER("waited_ms", STOP_WAIT_MS));
	daemon->stop_wait_is_over = true;
}

static void
stop_relay(Daemon *daemon, StopReason reason)
{
	daemon->stop_reason = reason;
	if (!loop_timer_set(daemon->loop, &daemon->stop_timer, STOP_WAIT_MS))
		daemon->stop_wait_is_over = true;
	relay_stop(daemon->relay);
}

/* A later reload overtakes one that still waits for the relay. */
static void
begin_reload(Daemon *daemon)
{
	char		error[ERROR_BYTES] = "";
	Config	   *config = NULL;

	if (daemon->stop_reason == STOP_EXIT)
		return;
	if (config_load(daemon->argument_count, daemon->arguments, environ, &config, error,
					sizeof(error)) != CONFIG_LOADED)
	{
		log_event(&daemon->log, LOG_LEVEL_ERROR, "configuration refused: the old one stays",
				  LOG_TEXT("error", error),
				  LOG_TEXT("advice", "mend the configuration (uncached --check-config), and send SIGHUP again"));
		return;
	}
	config_destroy(daemon->next_config);
	daemon->next_config = config;
	if (daemon->stop_reason == STOP_NOT)
		stop_relay(daemon, STOP_RELOAD);
}

static bool
finish_reload(Daemon *daemon)
{
	loop_timer_remove(daemon->loop, &daemon->stop_timer);
	relay_destroy(daemon->relay);
	daemon->relay = NULL;
	config_destroy(daemon->config);
	daemon->config = daemon->next_config;
	daemon->next_config = NULL;
	return start_relay(daemon, "configuration reloaded");
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
			begin_reload(daemon);
		else
		{
			log_event(&daemon->log, LOG_LEVEL_INFO, "stopping",
					  LOG_NUMBER("signal", signals[i]));
			stop_relay(daemon, STOP_EXIT);
		}
	}
}

static bool
catch_signals(Daemon *daemon)
{
	static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction action = {.sa_handler = handle_signal,.sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

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
	return sigaction(SIGPIPE, &ignore, NULL) == 0;
}

/*
 * An interrupted --once must not claim that everything pending was applied.
 */
static int
exit_status(const Daemon *daemon, RelayState state)
{
	if (daemon->stop_reason == STOP_EXIT)
		return daemon->config->once ? STATUS_FAILED : STATUS_OK;
	return state == RELAY_STOPPED ? STATUS_OK : STATUS_FAILED;
}

static int
run(Daemon *daemon)
{
	for (;;)
	{
		RelayState	state = relay_state(daemon->relay);
		bool		has_ended = state != RELAY_RUNNING || daemon->stop_wait_is_over;

		if (has_ended && daemon->stop_reason != STOP_RELOAD)
			return exit_status(daemon, state);
		if (has_ended && !finish_reload(daemon))
			return STATUS_FAILED;
		if (!has_ended && !loop_turn(daemon->loop, -1))
		{
			log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot wait for events",
					  LOG_TEXT("error", strerror(errno)),
					  LOG_TEXT("advice", "start uncached again; look at the limits of memory and descriptors"));
			return STATUS_FAILED;
		}
	}
}

static int
start_and_run(Daemon *daemon)
{
	int			status = STATUS_FAILED;

	daemon->loop = loop_create();
	if (daemon->loop == NULL || !catch_signals(daemon))
		log_event(&daemon->log, LOG_LEVEL_ERROR, "cannot set up the event loop",
				  LOG_TEXT("error", strerror(errno)),
				  LOG_TEXT("advice", "raise the limits of memory and descriptors (ulimit -n), and start uncached again"));
	else if (start_relay(daemon, "started"))
	{
		status = run(daemon);
		if (daemon->relay != NULL)
			relay_destroy(daemon->relay);
		log_event(&daemon->log, LOG_LEVEL_INFO, "stopped", LOG_NUMBER("exit_status", status));
	}
	return status;
}

static void
tear_down(Daemon *daemon)
{
	signal_write_fd = -1;
	for (int i = 0; i < 2; i++)
	{
		if (daemon->signal_pipe_fds[i] >= 0)
			(void) close(daemon->signal_pipe_fds[i]);
	}
	loop_destroy(daemon->loop);
	config_destroy(daemon->next_config);
	config_destroy(daemon->config);
	free_arguments(daemon);
}

static int
load_and_run(Daemon *daemon, int argc, char *argv[])
{
	char		error[ERROR_BYTES] = "";

	switch (config_load(argc, argv, environ, &daemon->config, error, sizeof(error)))
	{
		case CONFIG_HELP:
			return STATUS_OK;
		case CONFIG_REFUSED:
			(void) fprintf(stderr, "uncached: %s\n", error);
			return STATUS_REFUSED;
		case CONFIG_LOADED:
			break;
	}
	config_hide_secrets(argc, argv);
	if (!daemon->config->check_only)
		return start_and_run(daemon);
	config_print_targets(daemon->config, stdout);
	return STATUS_OK;
}

int
main(int argc, char *argv[])
{
	Daemon		daemon = {
		.log = {.level = LOG_LEVEL_INFO,.format = LOG_FORMAT_LOGFMT,.fd = STDERR_FILENO},
		.signal_pipe_fds = {-1, -1}
	};
	int			status = STATUS_FAILED;

	loop_watch_init(&daemon.signal_watch, read_signals, &daemon);
	loop_timer_init(&daemon.stop_timer, end_stop_wait, &daemon);
	if (open_standard_fds() && copy_arguments(&daemon, argc, argv))
		status = load_and_run(&daemon, argc, argv);
	else
		(void) fprintf(stderr, "uncached: cannot start: %s\n", strerror(errno));
	tear_down(&daemon);
	exit(status);
}
