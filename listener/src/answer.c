/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  What the program prints and ends with, where it is not to run as the daemon.
 *
 *-------------------------------------------------------------------------
 */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/standard_streams.h"
#include "check/check_connections.h"
#include "check/print_acl.h"
#include "config/config_fields.h"
#include "status/health_client.h"
#include "status/status_command.h"
#include "status/tail_command.h"

/* Less than what is usual for a container's health check. */
#define HEALTH_TIMEOUT_MS 2000

bool
answer_is_asked(const Config *config)
{
	return config->check_only || config->check_connections || config->print_acl ||
		config->check_health || config->status || config->tail;
}

static int
status_of(bool is_well)
{
	return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
check_health(const Config *config, LogOutput *error_output)
{
	char		error[STANDARD_STREAMS_PROBLEM_BYTES];

	if (health_client_ask(config->health_socket, HEALTH_TIMEOUT_MS, stdout, error, sizeof(error)))
		return EXIT_SUCCESS;
	standard_streams_say(error_output, error);
	return EXIT_FAILURE;
}

/* A reader who has seen enough is no failure. */
static int
tail(const Config *config, LogOutput *error_output)
{
	char		error[TAIL_PROBLEM_BYTES];

	if (tail_command_run(config, stdout, stderr, error))
		return EXIT_SUCCESS;
	standard_streams_say(error_output, error);
	return EXIT_FAILURE;
}

static int
print(const Config *config, LogOutput *error_output)
{
	if (config->check_connections)
		return status_of(check_connections(config, stdout));
	if (config->print_acl)
		return status_of(print_acl(config, stdout, stderr));
	if (config->status)
		return status_command_run(config, stdout);
	if (config->check_health)
		return check_health(config, error_output);
	config_print_targets(config, stdout);
	return EXIT_SUCCESS;
}

int
answer_give(const Config *config, LogOutput *error_output)
{
	int			status;

	if (config->tail)
		return tail(config, error_output);
	status = print(config, error_output);
	if (standard_streams_finish(error_output))
		return status;
	return config->status ? STATUS_COMMAND_UNKNOWN : EXIT_FAILURE;
}
