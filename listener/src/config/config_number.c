/*-------------------------------------------------------------------------
 *
 * config_number.c
 *	  Numbers and times as settings have them.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_number.h"

#include <stddef.h>
#include <string.h>

/*
 * A number of 1 to "max" by its digits, and what stands behind them.  False if
 * it is none; "max" is below 10^17.
 */
static bool
parse_number(const char *text, int64_t max, int64_t *number, const char **behind)
{
	*number = 0;
	for (; *text >= '0' && *text <= '9'; text++)
	{
		*number = *number * 10 + (*text - '0');
		if (*number > max)
			return false;
	}
	*behind = text;
	return *number > 0;
}

bool
config_parse_count(const char *text, int64_t max, int64_t *count)
{
	const char *behind;

	return parse_number(text, max, count, &behind) && *behind == '\0';
}

bool
config_parse_time(const char *text, int64_t max_ms, int64_t *time_ms)
{
	static const struct
	{
		const char *name;
		int64_t		ms;
	}			units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}};
	const char *behind;

	if (!parse_number(text, max_ms, time_ms, &behind))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(behind, units[i].name) == 0)
		{
			*time_ms *= units[i].ms;
			return *time_ms <= max_ms;
		}
	return false;
}
