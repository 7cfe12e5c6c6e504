/*-------------------------------------------------------------------------
 *
 * health_server.h
 *	  Answers whoever connects to the health socket, from the loop: that there is
 *	  an answer says that the loop turns.
 *
 * A connection gets one text and is closed; nothing is read from it, nothing is
 * waited for, and nothing is kept of it.  The socket is for the daemon's user
 * alone.  Where it cannot be had, the log says so and it is tried again: nothing
 * else depends on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_HEALTH_SERVER_H
#define UNCACHED_HEALTH_SERVER_H

#include <stdio.h>

#include "base/log.h"
#include "base/loop.h"

typedef struct HealthServer HealthServer;

/* Writes the answer, some lines; the stream is the callee's for the call. */
typedef void (*HealthTeller) (void *context, FILE *stream);

/* An answer is cut here. */
#define HEALTH_ANSWER_BYTES_MAX ((size_t) 64 * 1024)

/* loop, log and context are borrowed.  NULL if memory is exhausted. */
extern HealthServer *health_server_create(Loop *loop, const Log *log, HealthTeller tell,
										  void *context);

/* Removes the socket.  NULL is allowed. */
extern void health_server_destroy(HealthServer *server);

/*
 * Listens at another path from now on, which is copied; NULL is nowhere.  What a dead
 * process has left there is replaced; another file, or a socket that somebody listens at, is
 * left alone.
 */
extern void health_server_listen(HealthServer *server, const char *path);

#endif
