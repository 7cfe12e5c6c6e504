/*-------------------------------------------------------------------------
 *
 * redis_tls.h
 *	  Carries a connection's bytes in TLS.
 *
 * SIGPIPE has to be ignored: OpenSSL writes to the socket.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TLS_H
#define UNCACHED_REDIS_TLS_H

#include "redis/redis_io.h"

extern const RedisIoType redis_tls;

#endif
