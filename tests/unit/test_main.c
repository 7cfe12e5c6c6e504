/*-------------------------------------------------------------------------
 *
 * test_main.c
 *	  Unit tests of listener/src/main.c, with a relay that follows a script.
 *
 * main.c is included under another name for main(), and the functions of
 * relay.h are defined here.  Each test runs it in a child; what child and
 * relay have to say they write to standard error, which the test reads.
 *
 *-------------------------------------------------------------------------
 */
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
	RelayState	first_state;	/* of every relay after its creation */
	bool		ignores_stop;	/* stays as it is when it is asked to stop */
	bool		second_signal_at_stop;
	bool		clock_jumps_at_stop;
	bool		breaks_poll;
	const char *new_config;		/* written to the file by the first creation */
	int			failing_creation;	/* number of the one that returns NULL */
	int			signal_of_second;	/* raised by the second creation */
} Script;

struct Relay
{
	RelayState	state;
};

static Script script;
static Relay the_relay;
static int	creation_count;
static int64_t clock_ms;
static struct rlimit usual_limit;

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char config_path[64];
static char arguments[8][96];
static int	argument_count;
static char output[16384];

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
write_config(const char *text)
{
	FILE	   *file = fopen(config_path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		_exit(EXIT_BAD_SETUP);
}

static void
show_arguments(const Log *log)
{
	for (int i = 1; i < argument_count; i++)
		log_event(log, LOG_LEVEL_INFO, "argument", LOG_TEXT("text", arguments[i]));
}

Relay *
relay_create(Loop *loop, const Log *log, const Config *config, uint64_t seed)
{
	(void) seed;
	creation_count++;
	log_event(log, LOG_LEVEL_INFO, "relay created", LOG_NUMBER("number", creation_count),
			  LOG_TEXT("prefix", config->targets[0].prefix),
			  LOG_NUMBER("password_bytes", config->targets[0].url.password == NULL ? 0 :
						 (int64_t) strlen(config->targets[0].url.password)));
	show_arguments(log);
	the_relay.state = script.first_state;
	if (script.clock_jumps_at_stop)
		loop_set_clock(loop, read_clock, NULL);
	if (script.breaks_poll)
	{
		struct rlimit none = usual_limit;

		none.rlim_cur = 0;
		if (setrlimit(RLIMIT_NOFILE, &none) != 0)
			_exit(EXIT_BAD_SETUP);
	}
	if (script.new_config != NULL && creation_count == 1)
		write_config(script.new_config);
	for (int i = 0; creation_count == 1 && script.signals != NULL && script.signals[i] != 0; i++)
		(void) raise(script.signals[i]);
	if (creation_count == 2 && script.signal_of_second != 0)
		(void) raise(script.signal_of_second);
	return creation_count == script.failing_creation ? NULL : &the_relay;
}

void
relay_stop(Relay *relay)
{
	if (!script.ignores_stop)
		relay->state = RELAY_STOPPED;
	if (script.second_signal_at_stop)
		(void) raise(SIGINT);
	if (script.clock_jumps_at_stop)
		clock_ms += STOP_WAIT_MS;
}

RelayState
relay_state(const Relay *relay)
{
	return relay->state;
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

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(config_path, sizeof(config_path), "%s/uncached.conf", directory);
	memset(&script, 0, sizeof(script));
	creation_count = 0;
	clock_ms = 0;
	snprintf(arguments[0], sizeof(arguments[0]), "uncached");
	argument_count = 1;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual_limit), 0);
	ck_assert_int_eq(clearenv(), 0);
}

static void
clean_up(void)
{
	(void) unlink(config_path);
	(void) rmdir(directory);
}

static void
with_argument(const char *argument)
{
	snprintf(arguments[argument_count], sizeof(arguments[0]), "%s", argument);
	argument_count++;
}

static void
with_config(const char *text)
{
	write_config(text);
	with_argument("--config");
	with_argument(config_path);
}

/* Runs main() in a child, both outputs in "output"; its wait status. */
static int
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

static void
assert_exit(int expected)
{
	int			status = run_child(false);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected,
				  "wait status %d: %s", status, output);
}

static void
assert_said(const char *text)
{
	ck_assert_msg(strstr(output, text) != NULL, "no \"%s\" in: %s", text, output);
}

static void
assert_not_said(const char *text)
{
	ck_assert_msg(strstr(output, text) == NULL, "\"%s\" in: %s", text, output);
}

static const int only_term[] = {SIGTERM, 0};
static const int only_hangup[] = {SIGHUP, 0};

/* ---- without a relay ---- */

START_TEST(main_exits_2_if_the_configuration_is_refused)
{
	with_argument("--redis=redis://:" SECRET "@h:0");
	assert_exit(STATUS_REFUSED);
	ck_assert_str_eq(output, "uncached: --redis: expected a port from 1 to 65535 after the host\n");
}

END_TEST

START_TEST(main_exits_0_after_the_version)
{
	with_argument("--version");
	assert_exit(STATUS_OK);
	ck_assert_str_eq(output, "uncached " UNCACHED_VERSION "\n");
}

END_TEST

START_TEST(main_shows_targets_and_starts_nothing_for_check_config)
{
	with_argument("--redis=redis://:" SECRET "@h/3");
	with_argument("--check-config");
	assert_exit(STATUS_OK);
	ck_assert_str_eq(output, "target default: redis h:6379/3 prefix \"\"\n");
}

END_TEST

/* ---- one relay ---- */

START_TEST(main_exits_0_when_once_is_done)
{
	script.first_state = RELAY_STOPPED;
	with_argument("--once");
	assert_exit(STATUS_OK);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_1_when_once_failed)
{
	script.first_state = RELAY_FAILED;
	with_argument("--once");
	assert_exit(STATUS_FAILED);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_0_after_sigterm)
{
	script.signals = only_term;
	assert_exit(STATUS_OK);
	assert_said("msg=stopping signal=15");
	assert_said("relay destroyed");
	assert_said("msg=stopped exit_status=0");
}

END_TEST

START_TEST(main_exits_0_after_sigint)
{
	static const int signals[] = {SIGINT, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_1_if_once_was_interrupted)
{
	script.signals = only_term;
	with_argument("--once");
	assert_exit(STATUS_FAILED);
}

END_TEST

START_TEST(main_exits_1_at_once_at_the_second_signal)
{
	script.signals = only_term;
	script.ignores_stop = true;
	script.second_signal_at_stop = true;
	assert_exit(STATUS_FAILED);
	assert_not_said("relay destroyed");
}

END_TEST

START_TEST(main_gives_up_the_batch_in_hand_after_the_wait)
{
	script.signals = only_term;
	script.ignores_stop = true;
	script.clock_jumps_at_stop = true;
	assert_exit(STATUS_OK);
	assert_said("is given up");
	assert_said("waited_ms=4500");
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_survives_sigpipe)
{
	static const int signals[] = {SIGPIPE, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
}

END_TEST

START_TEST(main_exits_1_if_the_relay_cannot_be_created)
{
	script.failing_creation = 1;
	assert_exit(STATUS_FAILED);
	assert_said("cannot start the relay");
}

END_TEST

START_TEST(main_exits_1_if_the_loop_fails)
{
	script.breaks_poll = true;
	assert_exit(STATUS_FAILED);
	assert_said("msg=\"cannot wait for events\" error=\"Invalid argument\"");
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_says_what_it_starts_with)
{
	script.signals = only_term;
	with_argument("--redis=redis://app:" SECRET "@h/3");
	assert_exit(STATUS_OK);
	assert_said("level=info msg=started version=" UNCACHED_VERSION " targets=1\n");
	assert_said("msg=\"target configured\" target=default redis=h:6379/3\n");
	assert_not_said(SECRET);
}

END_TEST

START_TEST(main_logs_as_it_is_told)
{
	script.signals = only_term;
	with_argument("--log-format=json");
	assert_exit(STATUS_OK);
	assert_said("\"msg\":\"started\"");
}

END_TEST

START_TEST(main_hides_passwords_in_its_arguments)
{
	script.signals = only_term;
	with_argument("--redis=redis://:" SECRET "@h");
	assert_exit(STATUS_OK);
	assert_said("password_bytes=7");
	assert_said("\"--redis=xxxxxxxxxxxxxxxxxx\"");
	assert_not_said(SECRET);
}

END_TEST

START_TEST(main_runs_with_standard_descriptors_closed)
{
	int			status;

	script.signals = only_term;
	status = run_child(true);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), STATUS_OK);
	ck_assert_str_eq(output, "");
}

END_TEST

/* ---- reload ---- */

START_TEST(main_reloads_after_sighup)
{
	with_config("[target default]\nurl = redis://h\nprefix = old\n");
	script.signals = only_hangup;
	script.new_config = "[log]\nlevel = info\n[target default]\nurl = redis://h\nprefix = new\n";
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=1 prefix=old");
	assert_said("msg=\"configuration reloaded\" version=" UNCACHED_VERSION " targets=1");
	assert_said("number=2 prefix=new");
	ck_assert(strstr(output, "relay destroyed") < strstr(output, "number=2"));
}

END_TEST

START_TEST(main_reloads_the_scan_rate)
{
	with_config("[target default]\nurl = redis://h\n");
	script.signals = only_hangup;
	script.signal_of_second = SIGTERM;
	script.new_config = "[target default]\nurl = redis://h\nscan_rate = 300\n";
	assert_exit(STATUS_OK);
	assert_said("msg=\"target configured\" target=default redis=h:6379/0\n");
	assert_said("msg=\"target configured\" target=default redis=h:6379/0 scan_rate=300\n");
}

END_TEST

START_TEST(main_keeps_the_old_configuration_if_the_new_one_is_refused)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	with_config("[target default]\nurl = redis://h\nprefix = old\n");
	script.signals = signals;
	script.new_config = "[target default]\nurl = " SECRET "\n";
	assert_exit(STATUS_OK);
	assert_said("level=error msg=\"configuration refused: the old one stays\" error=\"");
	assert_said("uncached.conf:2: expected a URL");
	assert_not_said(SECRET);
	assert_not_said("number=2");
}

END_TEST

START_TEST(main_reloads_with_the_password_of_its_arguments)
{
	with_argument("--redis=redis://:" SECRET "@h");
	script.signals = only_hangup;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=2 prefix=\"\" password_bytes=7");
}

END_TEST

START_TEST(main_reloads_once_for_two_hangups_in_a_row)
{
	static const int signals[] = {SIGHUP, SIGHUP, 0};

	script.signals = signals;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=2");
	assert_not_said("number=3");
}

END_TEST

START_TEST(main_exits_if_sigterm_overtakes_a_reload)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("number=2");
}

END_TEST

START_TEST(main_ignores_a_hangup_while_it_stops)
{
	static const int signals[] = {SIGTERM, SIGHUP, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("number=2");
	assert_not_said("configuration");
}

END_TEST

START_TEST(main_reloads_although_the_batch_in_hand_does_not_end)
{
	script.signals = only_hangup;
	script.ignores_stop = true;
	script.clock_jumps_at_stop = true;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("is given up");
	assert_said("number=2");
}

END_TEST

START_TEST(main_exits_1_if_the_new_relay_cannot_be_created)
{
	script.signals = only_hangup;
	script.failing_creation = 2;
	assert_exit(STATUS_FAILED);
	assert_said("cannot start the relay");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("main");
	TCase	   *tests = tcase_create("main");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, clean_up);
	tcase_add_test(tests, main_exits_2_if_the_configuration_is_refused);
	tcase_add_test(tests, main_exits_0_after_the_version);
	tcase_add_test(tests, main_shows_targets_and_starts_nothing_for_check_config);
	tcase_add_test(tests, main_exits_0_when_once_is_done);
	tcase_add_test(tests, main_exits_1_when_once_failed);
	tcase_add_test(tests, main_exits_0_after_sigterm);
	tcase_add_test(tests, main_exits_0_after_sigint);
	tcase_add_test(tests, main_exits_1_if_once_was_interrupted);
	tcase_add_test(tests, main_exits_1_at_once_at_the_second_signal);
	tcase_add_test(tests, main_gives_up_the_batch_in_hand_after_the_wait);
	tcase_add_test(tests, main_survives_sigpipe);
	tcase_add_test(tests, main_exits_1_if_the_relay_cannot_be_created);
	tcase_add_test(tests, main_exits_1_if_the_loop_fails);
	tcase_add_test(tests, main_says_what_it_starts_with);
	tcase_add_test(tests, main_logs_as_it_is_told);
	tcase_add_test(tests, main_hides_passwords_in_its_arguments);
	tcase_add_test(tests, main_runs_with_standard_descriptors_closed);
	tcase_add_test(tests, main_reloads_after_sighup);
	tcase_add_test(tests, main_reloads_the_scan_rate);
	tcase_add_test(tests, main_keeps_the_old_configuration_if_the_new_one_is_refused);
	tcase_add_test(tests, main_reloads_with_the_password_of_its_arguments);
	tcase_add_test(tests, main_reloads_once_for_two_hangups_in_a_row);
	tcase_add_test(tests, main_exits_if_sigterm_overtakes_a_reload);
	tcase_add_test(tests, main_ignores_a_hangup_while_it_stops);
	tcase_add_test(tests, main_reloads_although_the_batch_in_hand_does_not_end);
	tcase_add_test(tests, main_exits_1_if_the_new_relay_cannot_be_created);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
