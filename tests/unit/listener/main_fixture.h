/*-------------------------------------------------------------------------
 *
 * main_fixture.h
 *	  The daemon's main() with a relay that follows a script.
 *
 * main.c is included under another name for main(), and the functions of
 * relay.h are defined here.  Each test runs it in a child; what child and
 * relay have to say they write to standard error, which the test reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_MAIN_FIXTURE_H
#define UNCACHED_MAIN_FIXTURE_H

extern int	uncached_main(int argc, char *argv[]);

#define main uncached_main
#include "main.c"
#undef main

#include <check.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define SECRET "hunter2"
#define EXIT_BAD_SETUP 99

/* One script for all relays of a test. */
typedef struct Script
{
	const int  *signals;		/* raised by the first relay's creation; ends
								 * with 0 */
	RelayState	first_state;	/* of the relay after its creation */
	bool		ignores_stop;	/* stays as it is when it is asked to stop */
	bool		second_signal_at_stop;
	bool		breaks_poll;
	const char *new_config;		/* written to the file by the creation */
	const char *renames_log;	/* the creation renames the log file to this */
	bool		fails_creation; /* returns NULL */
	bool		fails_reload;
	int			signal_of_reload;	/* raised by each reload */
} Script;

struct Relay
{
	RelayState	state;
	const Log  *log;
};

static Script script;
static Relay the_relay;
static int	reload_count;
static struct rlimit usual_limit;

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char config_path[64];
static char log_path[64];
static char old_log_path[64];
static const char *stdout_path; /* NULL for "output" */
static char arguments[8][96];
static int	argument_count;
static char output[16384];

static inline void
write_config(const char *text)
{
	FILE	   *file = fopen(config_path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		_exit(EXIT_BAD_SETUP);
}

static inline void
show_arguments(const Log *log)
{
	for (int i = 1; i < argument_count; i++)
		log_event(log, LOG_LEVEL_INFO, "argument", LOG_TEXT("text", arguments[i]));
}

static inline void
show_config(const char *event, const Config *config)
{
	log_event(the_relay.log, LOG_LEVEL_INFO, event,
			  LOG_TEXT("prefix", config->targets[0].prefix),
			  LOG_NUMBER("password_bytes", config->targets[0].url.password == NULL ? 0 :
						 (int64_t) strlen(config->targets[0].url.password)));
}

Relay *
relay_create(Loop *loop, const Log *log, Config *config, uint64_t seed)
{
	(void) loop;
	(void) seed;
	the_relay.log = log;
	show_config("relay created", config);
	show_arguments(log);
	the_relay.state = script.first_state;
	if (script.breaks_poll)
	{
		struct rlimit none = usual_limit;

		none.rlim_cur = 0;
		if (setrlimit(RLIMIT_NOFILE, &none) != 0)
			_exit(EXIT_BAD_SETUP);
	}
	if (script.new_config != NULL)
		write_config(script.new_config);
	if (script.renames_log != NULL && rename(log_path, script.renames_log) != 0)
		_exit(EXIT_BAD_SETUP);
	for (int i = 0; script.signals != NULL && script.signals[i] != 0; i++)
		(void) raise(script.signals[i]);
	return script.fails_creation ? NULL : &the_relay;
}

bool
relay_reload(Relay *relay, Config *config, RelayChanges *changes)
{
	reload_count++;
	show_config(reload_count == 1 ? "relay reloaded" : "relay reloaded again", config);
	changes->unchanged = 1;
	changes->changed = 2;
	changes->added = 3;
	changes->removed = 4;
	(void) relay;
	if (script.signal_of_reload != 0)
		(void) raise(script.signal_of_reload);
	return !script.fails_reload;
}

void
relay_stop(Relay *relay)
{
	if (!script.ignores_stop)
		relay->state = RELAY_STOPPED;
	if (script.second_signal_at_stop)
		(void) raise(SIGINT);
}

RelayState
relay_advance(Relay *relay)
{
	return relay->state;
}

void
relay_summarize(const Relay *its_relay, RelaySummary *summary)
{
	(void) its_relay;
	*summary = (RelaySummary)
	{
		.is_settled = true
	};
}

void
relay_describe(const Relay *relay, FILE *stream)
{
	(void) relay;
	(void) fputs("described\n", stream);
}

size_t
relay_target_count(const Relay *relay)
{
	(void) relay;
	return 0;
}

void
relay_tell(const Relay *relay, size_t index, TargetStatus *status)
{
	(void) relay;
	(void) index;
	(void) status;
}

void
relay_destroy(Relay *relay)
{
	static const char said[] = "relay destroyed\n";

	if (relay == NULL || write(STDERR_FILENO, said, strlen(said)) < 0)
		_exit(EXIT_BAD_SETUP);
	if (setrlimit(RLIMIT_NOFILE, &usual_limit) != 0)
		_exit(EXIT_BAD_SETUP);
}

static inline void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(config_path, sizeof(config_path), "%s/uncached.conf", directory);
	snprintf(log_path, sizeof(log_path), "%s/log", directory);
	snprintf(old_log_path, sizeof(old_log_path), "%s/log.1", directory);
	stdout_path = NULL;
	memset(&script, 0, sizeof(script));
	reload_count = 0;
	snprintf(arguments[0], sizeof(arguments[0]), "uncached");
	argument_count = 1;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual_limit), 0);
	ck_assert_int_eq(clearenv(), 0);
}

static inline void
clean_up(void)
{
	(void) unlink(config_path);
	(void) unlink(log_path);
	(void) unlink(old_log_path);
	(void) rmdir(directory);
}

static inline void
with_argument(const char *argument)
{
	snprintf(arguments[argument_count], sizeof(arguments[0]), "%s", argument);
	argument_count++;
}

/* Runs main() in a child, both outputs in "output"; its wait status. */
static inline int
run_child(bool closes_standard_fds)
{
	int			fd = memfd_create("output", MFD_CLOEXEC);
	int			status;
	ssize_t		count;
	pid_t		child;

	ck_assert_int_ge(fd, 0);
	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
	{
		char	   *argv[9] = {NULL};

		for (int i = 0; i < argument_count; i++)
			argv[i] = arguments[i];
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (stdout_path != NULL)
			dup2(open(stdout_path, O_WRONLY), STDOUT_FILENO);
		if (closes_standard_fds)
		{
			close(STDIN_FILENO);
			close(STDOUT_FILENO);
			close(STDERR_FILENO);
		}
		(void) uncached_main(argument_count, argv);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	count = pread(fd, output, sizeof(output) - 1, 0);
	ck_assert_int_ge(count, 0);
	output[count] = '\0';
	close(fd);
	return status;
}

static inline void
assert_exit(int expected)
{
	int			status = run_child(false);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected,
				  "wait status %d: %s", status, output);
}

static inline void
assert_said(const char *text)
{
	ck_assert_msg(strstr(output, text) != NULL, "no \"%s\" in: %s", text, output);
}

/* What a file has becomes the output. */
static inline void
take_file(const char *path)
{
	int			fd = open(path, O_RDONLY);
	ssize_t		count = read(fd, output, sizeof(output) - 1);

	ck_assert_int_ge(count, 0);
	output[count] = '\0';
	close(fd);
}

static inline void
assert_not_said(const char *text)
{
	ck_assert_msg(strstr(output, text) == NULL, "\"%s\" in: %s", text, output);
}

#endif
