/*-------------------------------------------------------------------------
 *
 * status_command.c
 *	  --status: asks PostgreSQL and the daemon that runs here, and prints the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/consumer_list.h"
#include "status/health_client.h"
#include "status/status_json.h"
#include "status/status_report.h"
#include "status/status_text.h"

#define HEALTH_TIMEOUT_MS 1000

/* Owned by the caller; "" where no daemon answers; NULL if memory is exhausted. */
static char *
ask_daemon(const Config *config)
{
	char		error[LOOK_PROBLEM_BYTES];
	char	   *text = NULL;
	size_t		text_bytes = 0;
	FILE	   *buffer = open_memstream(&text, &text_bytes);
	bool		is_answered = config->health_socket == NULL;

	if (buffer == NULL)
		return NULL;
	if (config->health_socket != NULL)
		is_answered = health_client_ask(config->health_socket, HEALTH_TIMEOUT_MS, buffer, error, sizeof(error));
	if (fclose(buffer) != 0)
	{
		free(text);
		return NULL;
	}
	if (!is_answered)
		text[0] = '\0';
	return text;
}

/* https://no-color.org: set, and not empty. */
static StatusTextStyle
choose_style(FILE *stream)
{
	StatusTextStyle style = {.has_perfdata = true};
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;

	if (!isatty(fileno(stream)))
		return style;
	style.has_perfdata = false;
	style.has_colour = (no_colour == NULL || no_colour[0] == '\0') &&
		terminal != NULL && strcmp(terminal, "dumb") != 0;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0)
		style.columns = size.ws_col;
	return style;
}

static int
print_report(const Config *config, const ConsumerList *list, const char *health, FILE *stream)
{
	StatusReport report;
	StatusTextStyle style = choose_style(stream);
	StatusLevel level = STATUS_LEVEL_UNKNOWN;

	if (!status_report_make(&report, config, list, health))
		(void) status_command_refuse(config->json, "out of memory", stream);
	else
	{
		level = report.level;
		if (config->json)
			status_json_print(stream, &report, list->extension_version);
		else
			status_text_print(stream, &report, &style);
	}
	status_report_reset(&report);
	return (int) level;
}

int
status_command_refuse(bool is_json, const char *problem, FILE *stream)
{
	if (is_json)
		status_json_print_unknown(stream, problem);
	else
		status_text_print_unknown(stream, problem);
	return STATUS_LEVEL_UNKNOWN;
}

int
status_command_run(const Config *config, FILE *stream)
{
	char		problem[LOOK_PROBLEM_BYTES];
	ConsumerList list;
	char	   *health = ask_daemon(config);
	int			status;

	if (!consumer_list_read(config->dsn, &list, problem))
		status = status_command_refuse(config->json, problem, stream);
	else
		status = print_report(config, &list, health != NULL ? health : "", stream);
	consumer_list_reset(&list);
	free(health);
	return status;
}
