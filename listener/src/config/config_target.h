/*-------------------------------------------------------------------------
 *
 * config_target.h
 *	  One target's settings from several places → one TargetConfig.
 *
 * The rules, in this order:
 *
 * - The address is the URL of the highest place that has one; the host, port
 *	 and database of a higher place than the URL's each replace its part.
 * - User name and password come from the highest place that has one; in the
 *	 same place the URL's go before the single setting.  The file alone must
 *	 not give one twice.
 * - A user name needs a password or a password file, which is read now to
 *	 see that it is right, and again at each connect.
 * - Key prefix, scan rate, stagger, stagger_from, sweep, standbys and
 *	 standby_timeout come from the highest place that has one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_TARGET_H
#define UNCACHED_CONFIG_TARGET_H

#include "config/config.h"
#include "config/config_settings.h"

typedef enum ConfigPlace
{
	CONFIG_COMMAND_LINE,		/* the highest */
	CONFIG_ENVIRONMENT,
	CONFIG_FILE,
	CONFIG_PLACE_COUNT
} ConfigPlace;

/*
 * Fills in caller's storage, to be freed by config_target_reset, on false
 * too.  "places" has CONFIG_PLACE_COUNT entries, in ConfigPlace's order.
 */
extern bool config_target_resolve(const char *alias, const TargetSettings *const places[],
								  TargetConfig *target, const ConfigError *error)
			__attribute__((warn_unused_result));

/* Is every setting the same?  Then a reload has nothing to do for the target. */
extern bool config_target_equals(const TargetConfig *target, const TargetConfig *other);

/* Overwrites the password before freeing; allowed on storage that is all zero. */
extern void config_target_reset(TargetConfig *target);

#endif
