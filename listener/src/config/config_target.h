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
 * - What is set of TLS needs a URL that begins with rediss://.
 * - All else comes from the highest place that has it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_TARGET_H
#define UNCACHED_CONFIG_TARGET_H

#include "config/config.h"
#include "config/config_settings.h"

/*
 * Fills in caller's storage, to be freed with its Config, on false too.
 */
extern bool config_target_resolve(const char *alias, const ConfigPlaces *places,
								  TargetConfig *target, const ConfigError *error)
			__attribute__((warn_unused_result));

#endif
