/*-------------------------------------------------------------------------
 *
 * url.h
 *	  Redis URLs: redis://[user[:password]@]host[:port][/database]
 *	  and unix://[user[:password]@]/path/to/socket[?db=N].
 *
 * Shapes as redis-py and IANA's "redis" scheme registration describe them;
 * user, password and the socket's path are percent-decoded.  What would be
 * guesswork is refused: a URL without a host, a query of any other kind,
 * rediss:// (TLS is not supported).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_URL_H
#define UNCACHED_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_DEFAULT_PORT 6379

typedef struct RedisUrl
{
	char	   *host;			/* owned; NULL for a unix socket; no brackets
								 * around IPv6 */
	char	   *socket_path;	/* owned; NULL for TCP */
	int			port;			/* 1 to 65535; 0 for a unix socket */
	int			database;		/* 0 to 2147483647 */
	char	   *username;		/* owned; NULL if none was given; may stand
								 * without a password */
	char	   *password;		/* owned; NULL if none was given */
	char	   *password_file;	/* owned; a path from elsewhere: the password
								 * is read from it at each connect; NULL if
								 * there is none */
} RedisUrl;

/*
 * Parses "text" into caller's storage, to be freed by url_reset.  False with
 * a message in "error" that says what was expected; the message never
 * contains the text itself, which may hold a password; nothing is allocated
 * then.
 */
extern bool url_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));

/*
 * Replace one part by a value that was given apart from the URL; the same
 * rules and messages as for url_parse, but nothing is percent-decoded and
 * IPv6 needs no brackets.  On false the URL is unchanged.  A host replaces a
 * socket too; a port is refused for a socket.
 */
extern bool url_set_host(RedisUrl *url, const char *host, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));
extern bool url_set_port(RedisUrl *url, const char *digits, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));
extern bool url_set_database(RedisUrl *url, const char *digits, char *error,
							 size_t error_bytes)
			__attribute__((warn_unused_result));

/* Is every part the same? */
extern bool url_equals(const RedisUrl *url, const RedisUrl *other);

/* Frees all that is owned (the password is overwritten first). */
extern void url_reset(RedisUrl *url);

/* "host:port/db" or "/path db=N" for logs: never user or password. */
extern void url_describe(const RedisUrl *url, char *text, size_t text_bytes);

#endif
