/*-------------------------------------------------------------------------
 *
 * failure_log.h
 *	  Which failures of a server are worth a log line, when they repeat.
 *
 * Pure.  A server that fails, fails again at each try.  The first failure is
 * logged, and one that differs from all that were seen since; what is alike is
 * counted and logged after a minute, and then every ten minutes.
 *
 * Two failures are alike if their texts are, but for digits in the error,
 * which may be a port, a process or a slot.  The last few are remembered
 * apart: where two hosts fail in turns, each has its own lines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_FAILURE_LOG_H
#define UNCACHED_FAILURE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define FAILURE_LOG_FIRST_MS ((int64_t) 60 * 1000)
#define FAILURE_LOG_NEXT_MS ((int64_t) 10 * 60 * 1000)

#define FAILURE_LOG_KINDS 8

/* Failures that are alike. */
typedef struct FailureKind
{
	uint64_t	identity;
	int64_t		due_ms;			/* not logged again before */
	int64_t		seen_ms;		/* the last one */
	int64_t		unsaid_count;	/* since the last line */
} FailureKind;

/* All zero is one without failures. */
typedef struct FailureLog
{
	FailureKind kinds[FAILURE_LOG_KINDS];
	int			kind_count;
	int64_t		failure_count;	/* since the server last worked */
	int64_t		begin_ms;		/* of the first of them */
} FailureLog;

/* What makes two failures alike; each may be "", none NULL. */
typedef struct Failure
{
	const char *message;
	const char *server;
	const char *sqlstate;
	const char *error;
} Failure;

/*
 * Takes a failure.  True if it has to be logged: then *repeated_count says how
 * many that were alike have not been since the last such line.
 */
extern bool failure_log_take(FailureLog *log, const Failure *failure, int64_t now_ms,
							 int64_t *repeated_count)
			__attribute__((warn_unused_result));

/* Has the server failed, and not worked since? */
extern bool failure_log_is_open(const FailureLog *log);

/* The server has worked: the next failure is the first one. */
extern void failure_log_end(FailureLog *log);

#endif
