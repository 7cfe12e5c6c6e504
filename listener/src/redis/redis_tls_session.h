/*-------------------------------------------------------------------------
 *
 * redis_tls_session.h
 *	  What a URL says of TLS → a session of OpenSSL that may begin its handshake.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TLS_SESSION_H
#define UNCACHED_REDIS_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/url.h"
#include "redis/redis_tls_problem.h"

/*
 * Reads the files anew, and does without what an earlier session knew: certificates that
 * were renewed need no restart.  To be freed with SSL_free; the socket is borrowed, and so is
 * "problem", all zero, in which will be what is wrong with the server's certificate.  NULL
 * with the problem's text if a file cannot be used or memory is exhausted.
 */
extern SSL *redis_tls_session_create(const RedisUrl *url, int fd, RedisTlsProblem *problem)
			__attribute__((warn_unused_result));

/*
 * Does the certificate that the server has shown, and that was verified, name this host?  OpenSSL
 * looks as well, but does not if memory is exhausted at one moment of the handshake (3.0).
 */
extern bool redis_tls_session_is_for(const SSL *ssl, const char *name);

#endif
