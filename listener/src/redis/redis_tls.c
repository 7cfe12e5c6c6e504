/*-------------------------------------------------------------------------
 *
 * redis_tls.c
 *	  Carries a connection's bytes in TLS.
 *
 * A read may have to write first, and a write to read: at a renegotiation (TLS 1.2) or
 * a change of keys (1.3).  OpenSSL says which, and the seam has a word for it.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_error.h"
#include "redis/redis_socket.h"
#include "redis/redis_tls_problem.h"
#include "redis/redis_tls_session.h"

typedef struct TlsIo
{
	const RedisUrl *url;		/* borrowed */
	int			fd;				/* borrowed */
	SSL		   *ssl;			/* owned; NULL until the socket is connected */
	RedisTlsProblem problem;
} TlsIo;

static void *
tls_open(const RedisUrl *url, int fd)
{
	TlsIo	   *tls = calloc(1, sizeof(*tls));

	if (tls != NULL)
	{
		tls->url = url;
		tls->fd = fd;
	}
	return tls;
}

static RedisIoResult
fail(TlsIo *tls, const char *problem)
{
	(void) snprintf(tls->problem.text, sizeof(tls->problem.text), "%s", problem);
	return REDIS_IO_FAILED;
}

/* What OpenSSL's function has returned, which is not success. */
static RedisIoResult
take_result(TlsIo *tls, int returned)
{
	int			saved_errno = errno;

	switch (SSL_get_error(tls->ssl, returned))
	{
		case SSL_ERROR_WANT_READ:
			return REDIS_IO_WANTS_READ;
		case SSL_ERROR_WANT_WRITE:
			return REDIS_IO_WANTS_WRITE;
		case SSL_ERROR_SYSCALL:
			redis_tls_problem_tell(&tls->problem, saved_errno);
			return REDIS_IO_FAILED;
		default:
			redis_tls_problem_tell(&tls->problem, 0);
			return REDIS_IO_FAILED;
	}
}

static RedisIoResult
start_session(TlsIo *tls)
{
	int			error = redis_socket_error(tls->fd);

	if (error != 0)
		return fail(tls, strerror(error));
	tls->ssl = redis_tls_session_create(tls->url, tls->fd, &tls->problem);
	return tls->ssl != NULL ? REDIS_IO_DONE : REDIS_IO_FAILED;
}

static RedisIoResult
tls_connect(void *state)
{
	TlsIo	   *tls = state;
	int			returned;

	if (tls->ssl == NULL && start_session(tls) != REDIS_IO_DONE)
		return REDIS_IO_FAILED;
	ERR_clear_error();
	errno = 0;
	returned = SSL_connect(tls->ssl);
	if (returned != 1)
		return take_result(tls, returned);
	if (tls->url->tls.verify == URL_VERIFY_FULL &&
		!redis_tls_session_is_for(tls->ssl, tls->problem.expected))
		return fail(tls, REDIS_ERROR_TLS_HOST);
	tls->problem.stage = REDIS_TLS_UNANSWERED;
	return REDIS_IO_DONE;
}

static RedisIoResult
tls_read(void *state, char *bytes, size_t room, size_t *moved_count)
{
	TlsIo	   *tls = state;
	int			returned;

	ERR_clear_error();
	errno = 0;
	returned = SSL_read_ex(tls->ssl, bytes, room, moved_count);
	if (returned != 1)
		return take_result(tls, returned);
	tls->problem.stage = REDIS_TLS_IN_USE;
	return REDIS_IO_DONE;
}

/*
 * Whoever closes the connection may have said why: what a client sends in ignorance of that
 * ends with an error of the socket, but the alert can still be read.
 */
static void
ask_why(TlsIo *tls)
{
	char		byte;
	size_t		count;
	int			returned;

	ERR_clear_error();
	returned = SSL_read_ex(tls->ssl, &byte, sizeof(byte), &count);
	if (returned != 1 && SSL_get_error(tls->ssl, returned) == SSL_ERROR_SSL)
		redis_tls_problem_tell(&tls->problem, 0);
}

static RedisIoResult
tls_write(void *state, const char *bytes, size_t byte_count, size_t *moved_count)
{
	TlsIo	   *tls = state;
	RedisIoResult result;
	int			returned;

	ERR_clear_error();
	errno = 0;
	returned = SSL_write_ex(tls->ssl, bytes, byte_count, moved_count);
	if (returned == 1)
		return REDIS_IO_DONE;
	result = take_result(tls, returned);
	if (result == REDIS_IO_FAILED)
		ask_why(tls);
	return result;
}

static bool
tls_has_buffered(const void *state)
{
	return SSL_pending(((const TlsIo *) state)->ssl) > 0;
}

static const char *
tls_problem(const void *state)
{
	return ((const TlsIo *) state)->problem.text;
}

static const char *
tls_stalled(const void *state)
{
	return ((const TlsIo *) state)->ssl == NULL ? strerror(ETIMEDOUT) : REDIS_TLS_STALLED;
}

/* Redis is not told: it sees the socket close, and a word to it might have to wait. */
static void
tls_close(void *state)
{
	TlsIo	   *tls = state;

	SSL_free(tls->ssl);
	free(tls);
}

const RedisIoType redis_tls = {
	.open = tls_open,
	.connect = tls_connect,
	.read = tls_read,
	.write = tls_write,
	.has_buffered = tls_has_buffered,
	.problem = tls_problem,
	.stalled = tls_stalled,
	.close = tls_close,
};
