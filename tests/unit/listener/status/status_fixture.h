/*-------------------------------------------------------------------------
 *
 * status_fixture.h
 *	  Two targets of a configuration, and what PostgreSQL says of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STATUS_FIXTURE_H
#define STATUS_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "status/status_report.h"

#define ROWS_MAX 4

static char default_alias[] = "default";
static char api_alias[] = "api";
static TargetConfig targets[2];
static Config config;
static ConsumerRow rows[ROWS_MAX];
static ConsumerList list;
static StatusReport report;
static const char *health;

static char no_text[] = "";
static char ready[] = "ready";

static ConsumerRow *
add_row(char *name)
{
	ConsumerRow *row = &rows[list.row_count++];

	*row = (ConsumerRow)
	{
		.target = name,.has_rules = true,.has_consumer = true,.state = ready,.worker_pid = 4711,
			.row_count = 0,.key_count = 0,.lag_ms = 0,.acked_ms_ago = 2500,.acked_at = no_text,
			.resync_reason = no_text,.alarm = no_text
	};
	return row;
}

/* Both targets are there, and well. */
static void
set_up_well(void)
{
	targets[0] = (TargetConfig)
	{
		.alias = default_alias
	};
	targets[1] = (TargetConfig)
	{
		.alias = api_alias
	};
	config = (Config)
	{
		.targets = targets,.target_count = 2,.ready_max_lag_ms = 60000
	};
	list = (ConsumerList)
	{
		.rows = rows
	};
	(void) add_row(api_alias);
	(void) add_row(default_alias);
	health = "";
}

static void
make_report(void)
{
	ck_assert(status_report_make(&report, &config, &list, health));
}

static void
forget_report(void)
{
	status_report_reset(&report);
}

#endif
