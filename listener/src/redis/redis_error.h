/*-------------------------------------------------------------------------
 *
 * redis_error.h
 *	  What kinds of error Redis answers, and what to do about them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_ERROR_H
#define UNCACHED_REDIS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Why a connection became unusable. */
typedef enum RedisFailure
{
	REDIS_FAILURE_CONNECTION,	/* could not be made, was cut, or is silent */
	REDIS_FAILURE_PASSWORD,		/* the password file gives none */
	REDIS_FAILURE_PROTOCOL,		/* an answer that Redis does not give */
	REDIS_FAILURE_REPLY,		/* an error reply */
	REDIS_FAILURE_SENTINEL		/* what sentinels say, or do not say */
} RedisFailure;

/*
 * An invalidation is never given up: whatever happens, the connection is
 * dropped, nothing that it left unfinished is acknowledged, and all of that is
 * sent again.
 */
typedef enum RedisReaction
{
	REDIS_REACTION_RETRY,		/* soon; it passes by itself: a warning */
	REDIS_REACTION_ALARM,		/* soon; an operator must act: an error */
	REDIS_REACTION_FATAL		/* rarely; this server can never serve the
								 * target as it is configured: an error */
} RedisReaction;

typedef struct RedisErrorKind
{
	const char *prefix;			/* of the error's text, without the "-" */
	RedisReaction reaction;
	const char *advice;			/* a sentence for the log; never "" */
} RedisErrorKind;

/* What a replica would answer to a write, if it refused it. */
#define REDIS_ERROR_REPLICA "READONLY the server says that it is a replica"

/* What no server answers: it was asked what it is, and is not what the URL asks for. */
#define REDIS_ERROR_CLUSTER "MODE the server says that it is a node of a Redis Cluster"
#define REDIS_ERROR_NO_CLUSTER "MODE the server says that it is not a node of a Redis Cluster"
#define REDIS_ERROR_SENTINEL "MODE the server says that it is a Redis Sentinel"

/*
 * How a problem with sentinels begins: what one says, or what is wrong with the server that it
 * names.  Any other is that it could not be reached.
 */
#define REDIS_ERROR_SENTINEL_NAME "it does not know the master's name"
#define REDIS_ERROR_SENTINEL_MOVED "the sentinels name another master now"
#define REDIS_ERROR_SENTINEL_REPLICA "it names a replica: "
#define REDIS_ERROR_SENTINEL_SERVER "it names a server that cannot be reached: "
#define REDIS_ERROR_SENTINEL_PASSWORD "sentinel_password_file: "
#define REDIS_ERROR_SENTINEL_NONSENSE "it does not answer as a sentinel: "
#define REDIS_ERROR_SENTINEL_REPLY "it refuses: "

/*
 * How a problem of TLS begins: what is wrong with the server's certificate, what the server
 * has against the client's, and how the handshake or the connection failed.
 */
#define REDIS_ERROR_TLS_HOST "the certificate of Redis is for another host"
#define REDIS_ERROR_TLS_TIME "the certificate of Redis is not valid at this time"
#define REDIS_ERROR_TLS_CA "the certificate of Redis is not from a trusted CA"
#define REDIS_ERROR_TLS_CERTIFICATE "the certificate of Redis is not accepted"
#define REDIS_ERROR_TLS_CLIENT "Redis does not accept the client certificate"
#define REDIS_ERROR_TLS_NONE "the server does not speak TLS"
#define REDIS_ERROR_TLS_HANDSHAKE "the TLS handshake failed"
#define REDIS_ERROR_TLS_CUT "the TLS handshake was cut short"
#define REDIS_ERROR_TLS_UNANSWERED "Redis closed the connection after the TLS handshake"
#define REDIS_ERROR_TLS_BROKEN "the TLS connection broke"

/*
 * Static data.  The text is of interest for an error reply, of which one that
 * nobody knows is an alarm, and for the advice where no connection can be made.
 */
extern const RedisErrorKind *redis_error_kind(RedisFailure failure, const char *text);

/* All kinds of error replies, one after the other by an index from 0; NULL behind the last. */
extern const RedisErrorKind *redis_error_kind_at(size_t index);

/*
 * The advice where the password comes from a file, whose path is to follow it;
 * NULL if the kind's own advice holds.  Static data.
 */
extern const char *redis_error_file_advice(RedisFailure failure, const char *text);

/* A longer path of a password file is cut. */
#define REDIS_ERROR_ADVICE_BYTES 512

/* Writes the advice that holds.  The password file's path, or NULL. */
extern void redis_error_advise(RedisFailure failure, const char *text, const char *password_file,
							   char *advice, size_t advice_bytes);

/*
 * Does an error reply say that a name is to be sent to another node of the cluster, or again?  With MOVED and
 * ASK come a slot and an address.
 */
extern bool redis_error_is_redirect(const char *text);

/* Is it to be sent there only this time? */
extern bool redis_error_is_ask(const char *text);
extern bool redis_error_is_moved(const char *text);

/* Does an error reply say that the user may not do what was asked for? */
extern bool redis_error_is_denial(const char *text);

#endif
