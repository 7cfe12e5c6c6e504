/*-------------------------------------------------------------------------
 *
 * test_relay.c
 *	  Unit tests of listener/src/relay.c and relay_slot.c: which pipelines work
 *	  when, over reloads and stops.
 *
 * The functions of pipeline.h are defined here: a pipeline is what a test makes
 * of it.
 *
 *-------------------------------------------------------------------------
 */
#include "config_fixture.h"

#include "log_fixture.h"
#include "pipeline.h"
#include "relay.h"
#include "relay_slot.h"

#define PIPELINES_MAX 16

struct Pipeline
{
	Config	   *config;
	char		alias[CONFIG_ALIAS_MAX + 1];
	char		prefix[32];
	PipelineState state;
	bool		is_asked_to_stop;
	bool		is_destroyed;
	int			predecessor_pid;
};

/* In the order of their creation; [i] has the backend with the process id 100 + i. */
static Pipeline pipelines[PIPELINES_MAX];
static size_t pipeline_count;
static int	failing_creation_count;

static Loop *loop;
static int64_t clock_ms;
static Relay *relay;
static RelayChanges changes;

Pipeline *
pipeline_create(Loop *its_loop, const Log *log, Config *whole, const TargetConfig *target,
				uint64_t seed)
{
	Pipeline   *pipeline = &pipelines[pipeline_count];

	(void) its_loop;
	(void) log;
	(void) seed;
	if (failing_creation_count > 0)
	{
		failing_creation_count--;
		return NULL;
	}
	ck_assert_int_lt(pipeline_count++, PIPELINES_MAX);
	config_retain(whole);
	pipeline->config = whole;
	snprintf(pipeline->alias, sizeof(pipeline->alias), "%s", target->alias);
	snprintf(pipeline->prefix, sizeof(pipeline->prefix), "%s", target->prefix);
	pipeline->state = PIPELINE_RUNNING;
	return pipeline;
}

void
pipeline_destroy(Pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	ck_assert(!pipeline->is_destroyed);
	pipeline->is_destroyed = true;
	config_release(pipeline->config);
}

void
pipeline_stop(Pipeline *pipeline)
{
	pipeline->is_asked_to_stop = true;
	if (pipeline->state == PIPELINE_RUNNING)
		pipeline->state = PIPELINE_STOPPING;
}

PipelineState
pipeline_state(const Pipeline *pipeline)
{
	ck_assert(!pipeline->is_destroyed);
	return pipeline->state;
}

const char *
pipeline_describe(const Pipeline *pipeline)
{
	return pipeline->state == PIPELINE_STOPPING ? "stopping" : "ready";
}

bool
pipeline_has_redis(const Pipeline *pipeline)
{
	return pipeline != &pipelines[1];
}

int
pipeline_backend_pid(const Pipeline *pipeline)
{
	return (int) (100 + (pipeline - pipelines));
}

void
pipeline_succeed(Pipeline *pipeline, int backend_pid)
{
	pipeline->predecessor_pid = backend_pid;
}

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
set_up_relay(void)
{
	set_up();
	memset(pipelines, 0, sizeof(pipelines));
	pipeline_count = 0;
	failing_creation_count = 0;
	clock_ms = 0;
	loop = loop_create();
	loop_set_clock(loop, read_clock, NULL);
	open_test_log(LOG_LEVEL_DEBUG);
}

static void
tear_down_relay(void)
{
	relay_destroy(relay);
	relay = NULL;
	for (size_t i = 0; i < pipeline_count; i++)
		ck_assert(pipelines[i].is_destroyed);
	loop_destroy(loop);
	close_test_log();
	tear_down();
}

static void
load_text(const char *text)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	accept_config();
}

static void
start(const char *text)
{
	load_text(text);
	relay = relay_create(loop, &test_log, config, 1);
	ck_assert_ptr_nonnull(relay);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
}

/* As main() does it: nobody else holds the new config afterwards. */
static void
reload(const char *text)
{
	load_text(text);
	ck_assert(relay_reload(relay, config, &changes));
	config_release(config);
	config = NULL;
	(void) relay_advance(relay);
}

static void
assert_changes(size_t unchanged, size_t changed, size_t added, size_t removed)
{
	ck_assert_uint_eq(changes.unchanged, unchanged);
	ck_assert_uint_eq(changes.changed, changed);
	ck_assert_uint_eq(changes.added, added);
	ck_assert_uint_eq(changes.removed, removed);
}

static RelayState
end_pipeline(size_t index)
{
	pipelines[index].state = PIPELINE_CLOSED;
	return relay_advance(relay);
}

static RelayState
pass(int64_t ms)
{
	clock_ms += ms;
	ck_assert(loop_turn(loop, 0));
	return relay_advance(relay);
}

static void
assert_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in: %s", text, said);
}

static void
assert_not_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) == NULL, "\"%s\" in: %s", text, said);
}

#define A "[target a]\nurl = redis://a\n"
#define B "[target b]\nurl = redis://b\n"
#define CHANGED_A "[target a]\nurl = redis://a\nprefix = new\n"

START_TEST(relay_starts_a_pipeline_for_each_target)
{
	start(A B "scan_rate = 300\n");
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[0].alias, "a");
	ck_assert_str_eq(pipelines[1].alias, "b");
	assert_said("msg=\"target configured\" target=a redis=a:6379/0\n");
	assert_said("msg=\"target configured\" target=b redis=b:6379/0 scan_rate=300\n");
}

END_TEST

START_TEST(relay_warns_of_a_password_file_that_everybody_can_read)
{
	char		text[256];

	write_file(password_path, "hunter2\n", 8, 0644);
	snprintf(text, sizeof(text), A "password_file = %s\n", password_path);
	start(text);
	assert_said("level=warning msg=\"everybody can read the password file\" target=a file=/tmp/");
	assert_not_said("hunter2");
}

END_TEST

START_TEST(relay_describes_each_target_in_a_line)
{
	char		text[256] = "";
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	start(A B);
	load_text(CHANGED_A B "[target c]\nurl = redis://c\n");
	ck_assert(relay_reload(relay, config, &changes));
	relay_describe(relay, stream);
	fclose(stream);
	ck_assert_str_eq(text, "a state=stopping redis=connected\n"
					 "b state=ready redis=disconnected\n"
					 "c state=starting redis=disconnected\n");
}

END_TEST

START_TEST(relay_does_not_touch_targets_that_did_not_change)
{
	start(A B);
	reload(A B);
	assert_changes(2, 0, 0, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert(!pipelines[0].is_asked_to_stop && !pipelines[1].is_asked_to_stop);
	/* they go on with their own config, which nobody else holds */
	ck_assert_str_eq(pipelines[0].config->targets[0].alias, "a");
}

END_TEST

START_TEST(relay_starts_a_changed_target_anew_when_it_has_ended)
{
	start(A B);
	reload(CHANGED_A B);
	assert_changes(1, 1, 0, 0);
	ck_assert(pipelines[0].is_asked_to_stop);
	ck_assert(!pipelines[1].is_asked_to_stop);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].prefix, "new");
	ck_assert_int_eq(pipelines[2].predecessor_pid, 100);
	ck_assert(!pipelines[1].is_destroyed);
}

END_TEST

START_TEST(relay_gives_a_changed_target_a_limited_time_of_its_own)
{
	start(A B);
	reload(CHANGED_A B);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS - 1), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(pass(1), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_int_eq(pipelines[2].predecessor_pid, 100);
	assert_said("level=warning msg=\"the batch in hand is given up: it will be repeated\" target=a waited_ms=4500\n");
}

END_TEST

START_TEST(relay_does_not_let_a_changed_target_wait_for_another_one)
{
	start(A B);
	reload(CHANGED_A "[target b]\nurl = redis://c\n");
	assert_changes(0, 2, 0, 0);
	ck_assert_int_eq(end_pipeline(1), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "b");
	ck_assert(!pipelines[0].is_destroyed);
}

END_TEST

START_TEST(relay_starts_an_added_target_at_once)
{
	start(A);
	reload(CHANGED_A B);
	assert_changes(0, 1, 1, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].alias, "b");
}

END_TEST

START_TEST(relay_stops_a_removed_target_and_says_what_stays)
{
	start(A B);
	reload(B);
	assert_changes(1, 0, 0, 1);
	assert_not_said("no longer configured");
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 2);
	assert_said("level=warning msg=\"target is no longer configured: its consumer stays, and holds back the journal\""
				" target=a advice=\"");
	assert_said("SELECT uncache.drop_consumer('a')\"\n");
}

END_TEST

START_TEST(relay_says_once_that_a_consumer_stays)
{
	start(A B);
	reload(B);
	(void) end_pipeline(0);
	reload(B);
	read_test_log();
	ck_assert_ptr_null(strstr(strstr(said, "no longer configured") + 1, "no longer configured"));
	assert_changes(1, 0, 0, 0);
}

END_TEST

START_TEST(relay_starts_what_was_removed_and_added_again_after_its_end)
{
	start(A B);
	reload(B);
	reload(A B);
	assert_changes(1, 1, 0, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "a");
	assert_not_said("no longer configured");
}

END_TEST

START_TEST(relay_starts_with_the_last_of_two_reloads)
{
	start(A);
	reload(CHANGED_A);
	reload("[target a]\nurl = redis://a\nprefix = newer\n");
	ck_assert_uint_eq(pipeline_count, 1);
	(void) end_pipeline(0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].prefix, "newer");
}

END_TEST

START_TEST(relay_starts_anew_what_stops_for_a_change_that_was_taken_back)
{
	start(A);
	reload(CHANGED_A);
	reload(A);
	(void) end_pipeline(0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].prefix, "");
}

END_TEST

START_TEST(relay_does_not_stop_again_what_is_stopping)
{
	start(A);
	reload(CHANGED_A);
	(void) pass(RELAY_SLOT_STOP_WAIT_MS / 2);
	reload(A);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS / 2), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
}

END_TEST

START_TEST(relay_starts_all_anew_for_another_dsn)
{
	start("[postgres]\ndsn = dbname=one\n" A B);
	reload("[postgres]\ndsn = dbname=two\n" A B);
	assert_changes(0, 2, 0, 0);
	(void) end_pipeline(1);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "b");
	/* the number is another server's */
	ck_assert_int_eq(pipelines[2].predecessor_pid, 0);
}

END_TEST

START_TEST(relay_stops_all_at_the_end)
{
	start(A B);
	relay_stop(relay);
	ck_assert(pipelines[0].is_asked_to_stop && pipelines[1].is_asked_to_stop);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(1), RELAY_STOPPED);
	assert_not_said("no longer configured");
}

END_TEST

START_TEST(relay_gives_up_what_does_not_stop_at_the_end)
{
	start(A B);
	relay_stop(relay);
	(void) end_pipeline(0);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS), RELAY_STOPPED);
	assert_said("will be repeated\" target=b ");
	assert_not_said("will be repeated\" target=a ");
}

END_TEST

START_TEST(relay_starts_nothing_once_it_stops)
{
	start(A);
	reload(CHANGED_A);
	load_text(CHANGED_A B);
	ck_assert(relay_reload(relay, config, &changes));
	relay_stop(relay);
	ck_assert_int_eq(end_pipeline(0), RELAY_STOPPED);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

START_TEST(relay_stop_gives_what_stops_for_a_reload_no_more_time)
{
	start(A);
	reload(CHANGED_A);
	(void) pass(RELAY_SLOT_STOP_WAIT_MS - 10);
	relay_stop(relay);
	ck_assert_int_eq(pass(10), RELAY_STOPPED);
}

END_TEST

START_TEST(relay_still_says_at_the_end_what_a_reload_removed)
{
	start(A B);
	reload(B);
	relay_stop(relay);
	(void) end_pipeline(0);
	assert_said("no longer configured");
}

END_TEST

START_TEST(relay_starts_a_failed_target_anew_at_a_reload)
{
	start(A B);
	pipelines[0].state = PIPELINE_FAILED;
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	reload(A B);
	assert_changes(1, 1, 0, 0);
	ck_assert_uint_eq(pipeline_count, 3);
}

END_TEST

START_TEST(relay_has_failed_when_the_last_one_has)
{
	start(A B);
	pipelines[0].state = PIPELINE_FAILED;
	pipelines[1].state = PIPELINE_FAILED;
	ck_assert_int_eq(relay_advance(relay), RELAY_FAILED);
}

END_TEST

START_TEST(relay_tries_again_to_start_where_memory_is_short)
{
	failing_creation_count = 2;
	start(A);
	ck_assert_uint_eq(pipeline_count, 0);
	assert_said("level=error msg=\"cannot start to serve the target: out of memory\" target=a advice=");
	ck_assert_int_eq(pass(4999), RELAY_RUNNING);
	ck_assert_int_eq(failing_creation_count, 1);
	ck_assert_int_eq(pass(1), RELAY_RUNNING);
	ck_assert_int_eq(failing_creation_count, 0);
	ck_assert_int_eq(pass(5000), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

START_TEST(relay_stops_although_a_start_is_to_be_tried_again)
{
	failing_creation_count = 1;
	start(A);
	relay_stop(relay);
	ck_assert_int_eq(relay_advance(relay), RELAY_STOPPED);
}

END_TEST

static void
start_once(const char *text)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_argument("--once");
	with_file(text);
	accept_config();
	relay = relay_create(loop, &test_log, config, 1);
	ck_assert_ptr_nonnull(relay);
}

START_TEST(relay_of_once_has_stopped_when_all_are_done)
{
	start_once(A B);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(1), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(0), RELAY_STOPPED);
}

END_TEST

START_TEST(relay_of_once_has_failed_when_one_has)
{
	start_once(A B);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	pipelines[1].state = PIPELINE_FAILED;
	ck_assert_int_eq(end_pipeline(0), RELAY_FAILED);
}

END_TEST

START_TEST(relay_of_once_has_failed_when_one_could_not_be_started)
{
	start_once(A B);
	failing_creation_count = 1;
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(0), RELAY_FAILED);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("relay");
	TCase	   *tests = tcase_create("relay");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up_relay, tear_down_relay);
	tcase_add_test(tests, relay_starts_a_pipeline_for_each_target);
	tcase_add_test(tests, relay_warns_of_a_password_file_that_everybody_can_read);
	tcase_add_test(tests, relay_describes_each_target_in_a_line);
	tcase_add_test(tests, relay_does_not_touch_targets_that_did_not_change);
	tcase_add_test(tests, relay_starts_a_changed_target_anew_when_it_has_ended);
	tcase_add_test(tests, relay_gives_a_changed_target_a_limited_time_of_its_own);
	tcase_add_test(tests, relay_does_not_let_a_changed_target_wait_for_another_one);
	tcase_add_test(tests, relay_starts_an_added_target_at_once);
	tcase_add_test(tests, relay_stops_a_removed_target_and_says_what_stays);
	tcase_add_test(tests, relay_says_once_that_a_consumer_stays);
	tcase_add_test(tests, relay_starts_what_was_removed_and_added_again_after_its_end);
	tcase_add_test(tests, relay_starts_with_the_last_of_two_reloads);
	tcase_add_test(tests, relay_starts_anew_what_stops_for_a_change_that_was_taken_back);
	tcase_add_test(tests, relay_does_not_stop_again_what_is_stopping);
	tcase_add_test(tests, relay_starts_all_anew_for_another_dsn);
	tcase_add_test(tests, relay_stops_all_at_the_end);
	tcase_add_test(tests, relay_gives_up_what_does_not_stop_at_the_end);
	tcase_add_test(tests, relay_starts_nothing_once_it_stops);
	tcase_add_test(tests, relay_stop_gives_what_stops_for_a_reload_no_more_time);
	tcase_add_test(tests, relay_still_says_at_the_end_what_a_reload_removed);
	tcase_add_test(tests, relay_starts_a_failed_target_anew_at_a_reload);
	tcase_add_test(tests, relay_has_failed_when_the_last_one_has);
	tcase_add_test(tests, relay_tries_again_to_start_where_memory_is_short);
	tcase_add_test(tests, relay_stops_although_a_start_is_to_be_tried_again);
	tcase_add_test(tests, relay_of_once_has_stopped_when_all_are_done);
	tcase_add_test(tests, relay_of_once_has_failed_when_one_has);
	tcase_add_test(tests, relay_of_once_has_failed_when_one_could_not_be_started);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
