/*-------------------------------------------------------------------------
 *
 * redis_tls_problem.h
 *	  Why TLS was refused or broke, as a text for redis_error_kind().
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TLS_PROBLEM_H
#define UNCACHED_REDIS_TLS_PROBLEM_H

#include <openssl/ssl.h>

#include "redis/redis_refusals.h"

#define REDIS_TLS_STALLED "no reply to the TLS handshake before the deadline"

#define REDIS_TLS_NAME_BYTES 256
#define REDIS_TLS_DETAIL_BYTES 192

typedef enum RedisTlsStage
{
	REDIS_TLS_HANDSHAKE,
	REDIS_TLS_UNANSWERED,		/* nothing came behind it yet */
	REDIS_TLS_IN_USE
} RedisTlsStage;

/* All zero before a session. */
typedef struct RedisTlsProblem
{
	char		text[REDIS_REFUSALS_REASON_BYTES];
	RedisTlsStage stage;		/* the caller's */

	/* of a certificate of the server's chain */
	int			refusal;		/* X509_V_ERR_...; X509_V_OK is none */
	char		detail[REDIS_TLS_DETAIL_BYTES];
	char		expected[REDIS_TLS_NAME_BYTES]; /* the host */
} RedisTlsProblem;

/*
 * Lets OpenSSL verify the server's certificate, and keeps what is wrong with it: it is
 * lost when the handshake has failed.  "expected" is copied; NULL is "".
 */
extern void redis_tls_problem_watch(RedisTlsProblem *problem, SSL *ssl, const char *expected);

/*
 * Writes the text, after SSL_get_error was none of those that ask to wait: takes OpenSSL's error
 * from its queue.  saved_errno is that of the socket, 0 if it has none.
 */
extern void redis_tls_problem_tell(RedisTlsProblem *problem, int saved_errno);

#endif
