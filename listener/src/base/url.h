/*-------------------------------------------------------------------------
 *
 * url.h
 *	  Redis URLs: redis://[user[:password]@]host[:port][/database],
 *	  the same with rediss:// for TLS, unix://[user[:password]@]/path/to/socket[?db=N],
 *	  redis+sentinel://[user[:password]@]host[:port][,host[:port]…]/master[/database], and
 *	  redis+cluster://[user[:password]@]host[:port][,host[:port]…].
 *
 * Shapes as redis-py and IANA's "redis" scheme registration describe them;
 * user, password and the socket's path are percent-decoded.  What would be
 * guesswork is refused: a URL without a host, a query of any other kind.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_URL_H
#define UNCACHED_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_DEFAULT_PORT 6379
#define URL_SENTINEL_PORT 26379

/* What of the server's certificate has to be right. */
typedef enum UrlVerify
{
	URL_VERIFY_FULL,			/* a CA that is trusted, and the host */
	URL_VERIFY_CA,				/* the CA only */
	URL_VERIFY_NONE				/* nothing: anybody can be in between */
} UrlVerify;

/* How TLS is spoken; all but is_used comes from elsewhere, after the URL was parsed. */
typedef struct UrlTls
{
	char	   *ca_file;		/* owned; NULL is the system's CAs */
	char	   *cert_file;		/* owned; the client's; NULL is none */
	char	   *key_file;		/* owned; NULL is in cert_file */
	char	   *server_name;	/* owned; NULL is the URL's host */
	UrlVerify	verify;
	bool		is_used;		/* rediss:// */
} UrlTls;

typedef struct UrlHost
{
	char	   *host;			/* owned; as in RedisUrl */
	int			port;
} UrlHost;

/* Who is asked where the server is; all zero if the URL names the server itself. */
typedef struct UrlSentinels
{
	UrlHost    *hosts;			/* owned; at least one, in their order */
	size_t		count;
	char	   *master;			/* owned; by which they know the server:
								 * printable ASCII without a blank */
	char	   *username;		/* owned; for the sentinels themselves; NULL
								 * if none was given; comes from elsewhere, as
								 * does */
	char	   *password_file;	/* owned; NULL if there is none */
} UrlSentinels;

typedef struct RedisUrl
{
	char	   *host;			/* owned; NULL for a unix socket and with
								 * sentinels; no brackets around IPv6 */
	char	   *socket_path;	/* owned; NULL for TCP */
	int			port;			/* 1 to 65535; 0 if there is no host */
	int			database;		/* 0 to 2147483647 */
	char	   *username;		/* owned; NULL if none was given; may stand
								 * without a password */
	char	   *password;		/* owned; NULL if none was given */
	char	   *password_file;	/* owned; a path from elsewhere: the password
								 * is read from it at each connect; NULL if
								 * there is none */
	UrlTls		tls;
	UrlSentinels sentinels;
	bool		is_of_sentinel; /* a sentinel listens there; never parsed */
	UrlHost    *nodes;			/* owned; of a cluster, at least one, in their
								 * order: instead of host and port */
	size_t		node_count;
	bool		is_of_cluster;	/* also where it is one node's */
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
 * socket too; a port is refused for a socket, and both are next to sentinels.
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

/* "host:port", IPv6 in brackets. */
extern void url_describe_host(const char *host, int port, char *text, size_t text_bytes);

/* Frees all that is owned (the password is overwritten first). */
extern void url_reset(RedisUrl *url);

/* Does the text begin as the URL of sentinels does? */
extern bool url_sentinel_is(const char *text);

/* Part of url_parse, for a text that does. */
extern bool url_sentinel_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));

/* The same two for a cluster. */
extern bool url_cluster_is(const char *text);
extern bool url_cluster_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));

/* The URL of one of its nodes; false if memory is exhausted: there is nothing to be freed then. */
extern bool url_cluster_node(const RedisUrl *url, const char *host, int port, RedisUrl *node)
			__attribute__((warn_unused_result));

/*
 * "host:port/db", " tls" behind it; "/path db=N"; "host:port,host:port/master/db";
 * or "host:port,host:port cluster" for logs:
 * never user or password.
 */
extern void url_describe(const RedisUrl *url, char *text, size_t text_bytes);

#endif
