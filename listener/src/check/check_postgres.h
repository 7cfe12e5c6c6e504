/*-------------------------------------------------------------------------
 *
 * check_postgres.h
 *	  Is PostgreSQL what the daemon needs, and what does it say of targets?
 *
 * Blocks, for some seconds at most where a server does not answer.  Changes nothing: the
 * session may only read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_POSTGRES_H
#define UNCACHED_CHECK_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>

#include "check/check_report.h"
#include "config/config.h"

/* A target that a rule names or that has a consumer. */
typedef struct CheckTarget
{
	char	   *alias;			/* owned */
	char	   *state;			/* owned; of its consumer, "" without one */
	bool		has_rules;
	bool		has_worker;		/* a session works for it */
	unsigned int needs;			/* CheckNeeds of its rules */
} CheckTarget;

typedef struct CheckTargets
{
	bool		are_known;		/* else PostgreSQL did not tell */
	CheckTarget *targets;		/* owned */
	size_t		target_count;
} CheckTargets;

/*
 * Reports what is right and what is missing.  Fills caller's storage, to be freed by
 * check_postgres_reset.
 */
extern void check_postgres(const Config *config, CheckReport *report, CheckTargets *targets);
extern void check_postgres_reset(CheckTargets *targets);

/* The one with that alias; NULL if PostgreSQL tells of none. */
extern const CheckTarget *check_postgres_find(const CheckTargets *targets, const char *alias);

#endif
