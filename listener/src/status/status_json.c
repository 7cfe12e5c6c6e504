/*-------------------------------------------------------------------------
 *
 * status_json.c
 *	  A report of --status as one document of JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_json.h"

#include <inttypes.h>
#include <string.h>

#include "status/shown_text.h"

static const char *
level_word(StatusLevel level)
{
	static const char *const words[] = {
		[STATUS_LEVEL_OK] = "ok",
		[STATUS_LEVEL_WARNING] = "warning",
		[STATUS_LEVEL_CRITICAL] = "critical",
		[STATUS_LEVEL_UNKNOWN] = "unknown",
	};

	return words[level];
}

/* null for an empty text */
static void
print_text(FILE *stream, const char *name, const char *text)
{
	(void) fprintf(stream, ",\"%s\":", name);
	if (text[0] == '\0')
		(void) fputs("null", stream);
	else
		shown_text_print_json(stream, text, strlen(text));
}

static void
print_flag(FILE *stream, const char *name, bool value)
{
	(void) fprintf(stream, ",\"%s\":%s", name, value ? "true" : "false");
}

static void
print_count(FILE *stream, const char *name, int64_t count)
{
	if (count == CONSUMER_UNKNOWN)
		(void) fprintf(stream, ",\"%s\":null", name);
	else
		(void) fprintf(stream, ",\"%s\":%" PRId64, name, count);
}

static void
print_consumer(FILE *stream, const ConsumerRow *consumer)
{
	print_text(stream, "state", consumer->state);
	print_count(stream, "worker_pid", consumer->worker_pid != 0 ? consumer->worker_pid : CONSUMER_UNKNOWN);
	if (consumer->lag_ms == CONSUMER_UNKNOWN)
		(void) fputs(",\"lag_seconds\":null", stream);
	else
		(void) fprintf(stream, ",\"lag_seconds\":%" PRId64 ".%03" PRId64, consumer->lag_ms / 1000,
					   consumer->lag_ms % 1000);
	print_count(stream, "pending_rows", consumer->row_count);
	print_count(stream, "pending_keys", consumer->key_count);
	print_flag(stream, "pending_is_estimate", consumer->is_estimate);
	print_text(stream, "acked_at", consumer->acked_at);
	print_text(stream, "resync_reason", consumer->resync_reason);
	print_text(stream, "alarm", consumer->alarm);
}

static void
print_findings(FILE *stream, const StatusTarget *target)
{
	(void) fputs(",\"findings\":[", stream);
	for (size_t i = 0; i < target->finding_count; i++)
	{
		(void) fprintf(stream, "%s{\"level\":\"%s\"", i > 0 ? "," : "", level_word(target->findings[i].level));
		print_text(stream, "text", target->findings[i].text);
		(void) fputc('}', stream);
	}
	(void) fputc(']', stream);
}

static void
print_target(FILE *stream, const StatusTarget *target)
{
	char		empty[] = "";
	const ConsumerRow none = {
		.state = empty,.row_count = CONSUMER_UNKNOWN,.key_count = CONSUMER_UNKNOWN,.lag_ms = CONSUMER_UNKNOWN,
		.acked_at = empty,.resync_reason = empty,.alarm = empty
	};
	bool		has_consumer = target->consumer != NULL && target->consumer->has_consumer;

	(void) fputs("{\"target\":", stream);
	shown_text_print_json(stream, target->name, strlen(target->name));
	print_text(stream, "level", level_word(target->level));
	print_flag(stream, "is_configured", target->is_configured);
	print_flag(stream, "has_rules", target->consumer != NULL && target->consumer->has_rules);
	print_flag(stream, "has_consumer", has_consumer);
	print_consumer(stream, has_consumer ? target->consumer : &none);
	print_text(stream, "redis", target->redis);
	print_findings(stream, target);
	(void) fputc('}', stream);
}

void
status_json_print(FILE *stream, const StatusReport *report, const char *extension_version)
{
	(void) fprintf(stream, "{\"status\":\"%s\",\"exit_status\":%d", level_word(report->level), (int) report->level);
	print_text(stream, "error", "");
	print_text(stream, "daemon_version", UNCACHED_VERSION);
	print_text(stream, "extension_version", extension_version);
	(void) fputs(",\"targets\":[", stream);
	for (size_t i = 0; i < report->target_count; i++)
	{
		(void) fputs(i > 0 ? "," : "", stream);
		print_target(stream, &report->targets[i]);
	}
	(void) fputs("]}\n", stream);
}

void
status_json_print_unknown(FILE *stream, const char *problem)
{
	(void) fprintf(stream, "{\"status\":\"%s\",\"exit_status\":%d", level_word(STATUS_LEVEL_UNKNOWN),
				   (int) STATUS_LEVEL_UNKNOWN);
	print_text(stream, "error", problem);
	print_text(stream, "daemon_version", UNCACHED_VERSION);
	print_text(stream, "extension_version", "");
	(void) fputs(",\"targets\":[]}\n", stream);
}
