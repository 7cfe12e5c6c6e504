/*-------------------------------------------------------------------------
 *
 * status_report.c
 *	  What --status has found: each target, and how bad that is.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
status_level_name(StatusLevel level)
{
	static const char *const names[] = {
		[STATUS_LEVEL_OK] = "OK",
		[STATUS_LEVEL_WARNING] = "WARNING",
		[STATUS_LEVEL_CRITICAL] = "CRITICAL",
		[STATUS_LEVEL_UNKNOWN] = "UNKNOWN",
	};

	return names[level];
}

void
status_duration_format(int64_t duration_ms, char text[STATUS_DURATION_BYTES])
{
	int64_t		seconds = duration_ms / 1000;

	if (duration_ms < 1000)
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 " ms", duration_ms);
	else if (seconds < 10)
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 ".%" PRId64 " s", seconds, duration_ms / 100 % 10);
	else if (seconds < 120)
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 " s", seconds);
	else if (seconds < 2 * 3600)
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * 86400)
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 " h", seconds / 3600);
	else
		(void) snprintf(text, STATUS_DURATION_BYTES, "%" PRId64 " d", seconds / 86400);
}

static void find(StatusTarget *target, StatusLevel level, const char *format,...)
			__attribute__((format(printf, 3, 4)));

static void
find(StatusTarget *target, StatusLevel level, const char *format,...)
{
	StatusFinding *finding;
	va_list		arguments;

	if (level > target->level)
		target->level = level;
	if (target->finding_count == STATUS_FINDINGS_MAX)
		return;
	finding = &target->findings[target->finding_count++];
	finding->level = level;
	va_start(arguments, format);
	(void) vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

/* --- one target --- */

/* What a daemon that works for it may be in the middle of. */
static void
judge_work(StatusTarget *target, const ConsumerRow *consumer, int64_t max_lag_ms)
{
	char		lag[STATUS_DURATION_BYTES];

	if (strcmp(consumer->state, "waiting") == 0)
		find(target, STATUS_LEVEL_WARNING, "registered, and waits for transactions in flight to end");
	if (strcmp(consumer->state, "resync") == 0)
		find(target, STATUS_LEVEL_WARNING, "resync due: %s",
			 consumer->resync_reason[0] != '\0' ? consumer->resync_reason : "it is not complete");
	if (consumer->lag_ms > max_lag_ms)
	{
		status_duration_format(consumer->lag_ms, lag);
		find(target, STATUS_LEVEL_WARNING, "behind for %s", lag);
	}
}

static void
judge_consumer(StatusTarget *target, const ConsumerRow *consumer, int64_t max_lag_ms)
{
	if (strcmp(consumer->state, "lost") == 0)
	{
		find(target, STATUS_LEVEL_CRITICAL,
			 "declared lost, nothing is journalled for it: start its daemon, which resyncs");
		return;
	}
	if (consumer->worker_pid == 0)
		find(target, STATUS_LEVEL_CRITICAL, "no daemon works for it");
	if (consumer->alarm[0] != '\0')
		find(target, STATUS_LEVEL_CRITICAL, "%s", consumer->alarm);
	judge_work(target, consumer, max_lag_ms);
	if (strcmp(target->redis, "disconnected") == 0)
		find(target, STATUS_LEVEL_WARNING, "the daemon is not connected to Redis");
}

/* Another daemon may serve what is not configured here, and is asked about that. */
static void
judge_stranger(StatusTarget *target, const ConsumerRow *consumer)
{
	if (!consumer->has_consumer)
		find(target, STATUS_LEVEL_WARNING,
			 "rules name it, but it is not in this configuration and has no consumer: nothing is invalidated");
	else if (strcmp(consumer->state, "lost") == 0)
		find(target, STATUS_LEVEL_OK, "not in this configuration, and declared lost: if it is not needed any more,"
			 " SELECT uncache.drop_consumer('%s')", target->name);
	else if (consumer->worker_pid == 0)
		find(target, STATUS_LEVEL_WARNING, "not in this configuration, and no daemon works for it: it holds back the"
			 " journal; configure it, or SELECT uncache.drop_consumer('%s')", target->name);
	else
		find(target, STATUS_LEVEL_OK, "not in this configuration: another daemon works for it");
}

static void
judge(StatusTarget *target, int64_t max_lag_ms)
{
	if (!target->is_configured)
		judge_stranger(target, target->consumer);
	else if (target->consumer == NULL || !target->consumer->has_consumer)
		find(target, STATUS_LEVEL_CRITICAL, "it has no consumer: no daemon has worked for it yet");
	else
		judge_consumer(target, target->consumer, max_lag_ms);
}

/* --- all of them --- */

/* What the daemon says of Redis in the line that begins with the target's name. */
static void
read_redis(StatusTarget *target, const char *health)
{
	size_t		name_bytes = strlen(target->name);

	for (const char *line = health; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
	{
		size_t		line_bytes = strcspn(line, "\n");
		const char *redis = memmem(line, line_bytes, " redis=", strlen(" redis="));

		if (strncmp(line, target->name, name_bytes) != 0 || line[name_bytes] != ' ' || redis == NULL)
			continue;
		redis += strlen(" redis=");
		(void) snprintf(target->redis, sizeof(target->redis), "%.*s", (int) strcspn(redis, " \n"), redis);
	}
}

static bool
is_configured(const Config *config, const char *name)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].alias, name) == 0)
			return true;
	return false;
}

static const ConsumerRow *
find_consumer(const ConsumerList *list, const char *name)
{
	for (size_t i = 0; i < list->row_count; i++)
		if (strcmp(list->rows[i].target, name) == 0)
			return &list->rows[i];
	return NULL;
}

static void
add(StatusReport *report, const char *name, bool is_in_config, const ConsumerRow *consumer,
	const char *health)
{
	StatusTarget *target = &report->targets[report->target_count++];

	target->name = name;
	target->is_configured = is_in_config;
	target->consumer = consumer;
	if (is_in_config)
		read_redis(target, health);
	judge(target, report->max_lag_ms);
	if (target->level > report->level)
		report->level = target->level;
}

bool
status_report_make(StatusReport *report, const Config *config, const ConsumerList *list,
				   const char *health)
{
	memset(report, 0, sizeof(*report));
	report->max_lag_ms = config->ready_max_lag_ms;
	report->targets = calloc(config->target_count + list->row_count + 1, sizeof(*report->targets));
	if (report->targets == NULL)
		return false;
	for (size_t i = 0; i < config->target_count; i++)
		add(report, config->targets[i].alias, true, find_consumer(list, config->targets[i].alias), health);
	for (size_t i = 0; i < list->row_count; i++)
		if (!is_configured(config, list->rows[i].target))
			add(report, list->rows[i].target, false, &list->rows[i], health);
	return true;
}

void
status_report_reset(StatusReport *report)
{
	free(report->targets);
	memset(report, 0, sizeof(*report));
}
