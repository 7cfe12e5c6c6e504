/*-------------------------------------------------------------------------
 *
 * config_env.h
 *	  Settings from the environment.
 *
 * An empty variable counts as one that is not set.  A REDIS_PORT that begins
 * with tcp:// does too: Kubernetes and Docker set such ones for a service
 * that is called redis.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_ENV_H
#define UNCACHED_CONFIG_ENV_H

#include "config/config_settings.h"

/*
 * "environment" is shaped like environ (NULL, as clearenv(3) leaves it, is
 * none at all) and borrowed by the settings.  What is of a target is said of
 * the target "default".
 */
extern void config_env_read(char *const environment[], Settings *settings);

#endif
