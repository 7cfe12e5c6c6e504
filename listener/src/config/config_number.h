/*-------------------------------------------------------------------------
 *
 * config_number.h
 *	  Numbers and times as settings have them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_NUMBER_H
#define UNCACHED_CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From 1 to "max", which is below 10^17; digits only, so that "1k" or "1e6" is not
 * read as 1.  False if it is no such number.
 */
extern bool config_parse_count(const char *text, int64_t max, int64_t *count)
			__attribute__((warn_unused_result));

/*
 * The same for a time with its unit, "ms", "s" or "min": without one nobody would
 * know which is meant.
 */
extern bool config_parse_time(const char *text, int64_t max_ms, int64_t *time_ms)
			__attribute__((warn_unused_result));

#endif
