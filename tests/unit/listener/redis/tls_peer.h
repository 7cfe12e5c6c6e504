/*-------------------------------------------------------------------------
 *
 * tls_peer.h
 *	  A TLS server at the other end of a RedisIo's socket, of whose bytes the test
 *	  says when, and how many, go which way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TLS_PEER_H
#define UNCACHED_TLS_PEER_H

#include <check.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis/redis_tls.h"
#include "redis/tls_identity.h"

#define TLS_PEER_ALL ((size_t) -1)

/* More than a handshake needs. */
#define TLS_PEER_TURNS 64

static char tls_directory[32];
static char tls_ca_path[64];

static TlsIdentity authority;
static TlsIdentity server_identity;

static RedisUrl url;
static RedisIo io;

static SSL_CTX *peer_context;
static SSL *peer;
static BIO *peer_in;			/* what the io has sent */
static BIO *peer_out;			/* what is to be sent to it */
static int	peer_fd;
static size_t skipped_bytes;	/* that came first and are no TLS */

/* --- for each program --- */

static inline void
tls_peer_set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	(void) snprintf(tls_directory, sizeof(tls_directory), "/tmp/uncache-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tls_directory));
	(void) snprintf(tls_ca_path, sizeof(tls_ca_path), "%s/ca.pem", tls_directory);
	authority = tls_identity_make("test CA", NULL, NULL, tls_valid_now);
	server_identity = tls_identity_make("redis", "DNS:redis.test,IP:127.0.0.1,IP:::1", &authority, tls_valid_now);
	tls_identity_write(tls_ca_path, 0644, authority.certificate, NULL, NULL);
	memset(&url, 0, sizeof(url));
	url.host = strdup("redis.test");
	url.port = 6379;
	url.tls.is_used = true;
	url.tls.ca_file = strdup(tls_ca_path);
}

static inline void
tls_peer_tear_down(void)
{
	(void) unlink(tls_ca_path);
	(void) rmdir(tls_directory);
	tls_identity_free(&authority);
	tls_identity_free(&server_identity);
	url_reset(&url);
}

/* --- a connection --- */

static inline void
tls_peer_open(const TlsIdentity *identity, int max_version)
{
	int			pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	peer_fd = pair[1];
	peer_context = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_use_certificate(peer_context, identity->certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(peer_context, identity->key), 1);
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(peer_context, max_version), 1);
	peer = SSL_new(peer_context);
	peer_in = BIO_new(BIO_s_mem());
	peer_out = BIO_new(BIO_s_mem());
	(void) BIO_set_mem_eof_return(peer_in, -1);
	SSL_set_bio(peer, peer_in, peer_out);
	SSL_set_accept_state(peer);
	skipped_bytes = 0;
	redis_io_init(&io, &redis_tls);
	ck_assert(redis_io_open(&io, &url, pair[0]));
}

static inline void
tls_peer_hang_up(void)
{
	if (peer_fd >= 0)
		(void) close(peer_fd);
	peer_fd = -1;
}

static inline void
tls_peer_close(void)
{
	redis_io_close(&io);
	tls_peer_hang_up();
	SSL_free(peer);
	SSL_CTX_free(peer_context);
	ERR_clear_error();
}

/* Takes what the io has sent. */
static inline void
tls_peer_pull(void)
{
	char		bytes[65536];
	ssize_t		count;

	while ((count = recv(peer_fd, bytes, sizeof(bytes), 0)) > 0)
	{
		size_t		skipped = (size_t) count < skipped_bytes ? (size_t) count : skipped_bytes;

		skipped_bytes -= skipped;
		if ((size_t) count > skipped)
			ck_assert_int_eq(BIO_write(peer_in, bytes + skipped, (int) ((size_t) count - skipped)),
							 (int) ((size_t) count - skipped));
	}
}

/* Sends at most so many of the bytes that wait; how many they were. */
static inline size_t
tls_peer_push(size_t max_bytes)
{
	char		bytes[65536];
	size_t		room = max_bytes < sizeof(bytes) ? max_bytes : sizeof(bytes);
	int			count = BIO_read(peer_out, bytes, (int) room);

	if (count <= 0)
		return 0;
	ck_assert_int_eq(send(peer_fd, bytes, (size_t) count, MSG_NOSIGNAL), count);
	return (size_t) count;
}

/* The server's part of the handshake, as far as it goes. */
static inline void
tls_peer_handshake(void)
{
	tls_peer_pull();
	ERR_clear_error();
	(void) SSL_do_handshake(peer);
}

/* Both ends shake hands; "piece" bytes at a time go to the io. */
static inline RedisIoResult
tls_peer_connect(size_t piece)
{
	RedisIoResult result = redis_io_connect(&io);

	for (int turn = 0; turn < TLS_PEER_TURNS && result != REDIS_IO_DONE && result != REDIS_IO_FAILED; turn++)
	{
		tls_peer_handshake();
		do
		{
			(void) tls_peer_push(piece);
			result = redis_io_connect(&io);
		} while (result == REDIS_IO_WANTS_READ && BIO_pending(peer_out) > 0);
	}
	if (result == REDIS_IO_DONE)
		tls_peer_handshake();
	return result;
}

static inline void
tls_peer_expect_connected(void)
{
	RedisIoResult result = tls_peer_connect(TLS_PEER_ALL);

	ck_assert_msg(result == REDIS_IO_DONE, "%s", result == REDIS_IO_FAILED ? redis_io_problem(&io) : "stuck");
	(void) tls_peer_push(TLS_PEER_ALL);
}

static inline void
tls_peer_expect_refusal(const char *beginning)
{
	ck_assert_int_eq(tls_peer_connect(TLS_PEER_ALL), REDIS_IO_FAILED);
	ck_assert_msg(strncmp(redis_io_problem(&io), beginning, strlen(beginning)) == 0, "%s",
				  redis_io_problem(&io));
}

/* Makes a record of it, to be pushed. */
static inline void
tls_peer_say(const char *text)
{
	ck_assert_int_eq(SSL_write(peer, text, (int) strlen(text)), (int) strlen(text));
}

/* What has come, as far as it is whole. */
static inline size_t
tls_peer_hear(char *bytes, size_t room)
{
	size_t		used = 0;
	size_t		count;

	tls_peer_pull();
	ERR_clear_error();
	while (used < room && SSL_read_ex(peer, bytes + used, room - used, &count) == 1)
		used += count;
	return used;
}

/* Fills the io's socket, so that nothing can be sent before the peer has pulled. */
static inline void
tls_peer_block(void)
{
	static const char block[4096];
	ssize_t		count;

	while ((count = send(io.fd, block, sizeof(block), MSG_NOSIGNAL)) > 0)
		skipped_bytes += (size_t) count;
	while ((count = send(io.fd, block, 1, MSG_NOSIGNAL)) > 0)
		skipped_bytes += (size_t) count;
	ck_assert_int_eq(errno, EAGAIN);
}

#endif
