/*-------------------------------------------------------------------------
 *
 * config_fields.h
 *	  Holds, compares, shows and frees a Config, by the table of settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_FIELDS_H
#define UNCACHED_CONFIG_FIELDS_H

#include <stdio.h>

#include "config/config.h"

/*
 * Holds it once more, until a config_release of its own; whoever has loaded it
 * holds it, too.
 */
extern void config_retain(Config *config);

/* The last holder frees it, passwords overwritten; NULL is allowed. */
extern void config_release(Config *config);

/* One line for each target, without user or password; for --check-config. */
extern void config_print_targets(const Config *config, FILE *stream);

/* Is every setting the same?  Then a reload has nothing to do for the target. */
extern bool config_target_equals(const TargetConfig *target, const TargetConfig *other);

#endif
