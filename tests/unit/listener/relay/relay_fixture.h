/*-------------------------------------------------------------------------
 *
 * relay_fixture.h
 *	  A relay, whose pipelines are what a test makes of them: the functions of
 *	  pipeline.h are defined here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RELAY_FIXTURE_H
#define UNCACHED_RELAY_FIXTURE_H

#include "base/log_fixture.h"
#include "config/config_fixture.h"
#include "relay/pipeline.h"
#include "relay/relay.h"
#include "relay/relay_slot.h"

#define PIPELINES_MAX 16

struct Pipeline
{
	Config	   *config;
	char		alias[CONFIG_ALIAS_MAX + 1];
	char		prefix[32];
	PipelineState state;
	bool		is_unsettled;
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
				uint64_t seed, TargetCounters *counters)
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
	counters->delivery.batches++;
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

void
pipeline_tell(const Pipeline *pipeline, TargetStatus *status)
{
	status->state = pipeline_state_for_people(pipeline->state, false);
	status->has_redis = pipeline != &pipelines[1];
	status->is_settled = !pipeline->is_unsettled && pipeline->state < PIPELINE_STOPPING;
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

static inline int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static inline void
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

static inline void
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

static inline void
load_text(const char *text)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	accept_config();
}

static inline void
start(const char *text)
{
	load_text(text);
	relay = relay_create(loop, &test_log, config, 1);
	ck_assert_ptr_nonnull(relay);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
}

/* As main() does it: nobody else holds the new config afterwards. */
static inline void
reload(const char *text)
{
	load_text(text);
	ck_assert(relay_reload(relay, config, &changes));
	config_release(config);
	config = NULL;
	(void) relay_advance(relay);
}

static inline void
assert_changes(size_t unchanged, size_t changed, size_t added, size_t removed)
{
	ck_assert_uint_eq(changes.unchanged, unchanged);
	ck_assert_uint_eq(changes.changed, changed);
	ck_assert_uint_eq(changes.added, added);
	ck_assert_uint_eq(changes.removed, removed);
}

static inline RelayState
end_pipeline(size_t index)
{
	pipelines[index].state = PIPELINE_CLOSED;
	return relay_advance(relay);
}

static inline RelayState
pass(int64_t ms)
{
	clock_ms += ms;
	ck_assert(loop_turn(loop, 0));
	return relay_advance(relay);
}

static inline void
assert_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in: %s", text, said);
}

static inline void
assert_not_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) == NULL, "\"%s\" in: %s", text, said);
}

#define A "[target a]\nurl = redis://a\n"
#define B "[target b]\nurl = redis://b\n"
#define CHANGED_A "[target a]\nurl = redis://a\nprefix = new\n"

#endif
