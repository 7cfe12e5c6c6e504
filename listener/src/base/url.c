/*-------------------------------------------------------------------------
 *
 * url.c
 *	  Redis URLs: redis://[user[:password]@]host[:port][/database],
 *	  the same with rediss:// for TLS, and unix://[user[:password]@]/path/to/socket[?db=N].
 *	  Those of sentinels and clusters are taken apart in url_sentinel.c and url_cluster.c.
 *
 * The text is looked at through pointers into it; only what goes into the
 * RedisUrl is copied, percent-decoded.  Messages are fixed texts, since any
 * part of a malformed URL may be a password.
 *
 *-------------------------------------------------------------------------
 */
#include "base/url.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* RFC 1035's 253 characters, and something for an IPv6 zone. */
#define HOST_BYTES_MAX 255

#define PORT_MAX 65535

/* sun_path needs its final zero byte. */
#define SOCKET_PATH_BYTES_MAX (sizeof(((struct sockaddr_un *) NULL)->sun_path) - 1)

typedef struct Scheme
{
	const char *text;
	bool		is_unix;
	bool		is_tls;
} Scheme;

static const Scheme schemes[] = {
	{"redis://", false, false},
	{"rediss://", false, true},
	{"unix://", true, false},
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

/* A piece of the text; bytes is NULL if the URL does not have the piece. */
typedef struct Span
{
	const char *bytes;			/* borrowed */
	size_t		count;
} Span;

/* What stands between the marks. */
typedef struct UrlParts
{
	Span		username;
	Span		password;
	Span		address;		/* host[:port]; empty for a unix socket */
	Span		path;			/* with its first '/' */
	Span		query;			/* without the '?' */
} UrlParts;

static Span
span(const char *start, const char *end)
{
	Span		result = {start, (size_t) (end - start)};

	return result;
}

static bool
refuse(char *error, size_t error_bytes, const char *message)
{
	(void) snprintf(error, error_bytes, "%s", message);
	return false;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Digits only, without a sign: -1 if it is no number from 0 to "highest". */
static long
parse_number(Span digits, long highest)
{
	long		number = 0;

	if (digits.count == 0)
		return -1;
	for (size_t i = 0; i < digits.count; i++)
	{
		int			digit = digits.bytes[i] - '0';

		if (digit < 0 || digit > 9 || number > (highest - digit) / 10)
			return -1;
		number = number * 10 + digit;
	}
	return number;
}

/* A copy with %XX decoded; on failure *copy is NULL. */
static bool
decode(Span text, char **copy, char *error, size_t error_bytes)
{
	char	   *decoded = malloc(text.count + 1);
	size_t		used_bytes = 0;

	*copy = NULL;
	if (decoded == NULL)
		return refuse(error, error_bytes, "out of memory");
	for (size_t i = 0; i < text.count; i++)
	{
		int			high;
		int			low;

		decoded[used_bytes] = text.bytes[i];
		if (text.bytes[i] == '%')
		{
			high = i + 2 < text.count ? hex_digit(text.bytes[i + 1]) : -1;
			low = i + 2 < text.count ? hex_digit(text.bytes[i + 2]) : -1;
			if (high < 0 || low < 0 || high + low == 0)
			{
				explicit_bzero(decoded, used_bytes);
				free(decoded);
				return refuse(error, error_bytes,
							  "expected two hexadecimal digits, not 00, after each \"%\"; write \"%\" itself as %25");
			}
			decoded[used_bytes] = (char) (high * 16 + low);
			i += 2;
		}
		used_bytes++;
	}
	decoded[used_bytes] = '\0';
	*copy = decoded;
	return true;
}

/*
 * Splits what follows "scheme://".  The last '@' ends user and password, as in
 * redis-py: a raw '@' in a password does no harm, a raw '/', '?' or '#' does.
 */
static bool
split(const char *text, UrlParts *parts, char *error, size_t error_bytes)
{
	const char *end = text + strlen(text);
	const char *authority_end = text + strcspn(text, "/?#");
	const char *path_end = authority_end + strcspn(authority_end, "?#");
	const char *at = memrchr(text, '@', (size_t) (authority_end - text));
	const char *colon;

	memset(parts, 0, sizeof(*parts));
	if (strchr(authority_end, '#') != NULL)
		return refuse(error, error_bytes,
					  "expected no \"#\"; in a user name, password or path write it as %23");
	if (at == NULL && strchr(authority_end, '@') != NULL)
		return refuse(error, error_bytes,
					  "expected \"/\" and \"?\" in a user name or password as %2F and %3F, "
					  "\"@\" in a path as %40");
	parts->address = span(at == NULL ? text : at + 1, authority_end);
	parts->path = span(authority_end, path_end);
	if (*path_end == '?')
		parts->query = span(path_end + 1, end);
	if (at == NULL)
		return true;
	colon = memchr(text, ':', (size_t) (at - text));
	parts->username = span(text, colon == NULL ? at : colon);
	if (colon != NULL)
		parts->password = span(colon + 1, at);
	return true;
}

/* An empty user name or password is none, as in ":password@". */
static bool
parse_credentials(const UrlParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	if (parts->username.count > 0 &&
		!decode(parts->username, &url->username, error, error_bytes))
		return false;
	if (parts->password.count > 0 &&
		!decode(parts->password, &url->password, error, error_bytes))
		return false;
	return true;
}

static bool
is_host(Span host)
{
	if (host.count == 0 || host.count > HOST_BYTES_MAX)
		return false;
	for (size_t i = 0; i < host.count; i++)
	{
		char		c = host.bytes[i];

		if (c <= ' ' || c > '~' || strchr("\"#%/:<>?@[\\]^`{|}", c) != NULL)
			return false;
	}
	return true;
}

/* Between the brackets: hexadecimal digits, colons, dots, a "%zone". */
static bool
is_ipv6_host(Span host)
{
	size_t		zone = 0;

	while (zone < host.count && host.bytes[zone] != '%')
		zone++;
	if (host.count > HOST_BYTES_MAX || memchr(host.bytes, ':', zone) == NULL)
		return false;
	for (size_t i = 0; i < zone; i++)
	{
		char		c = host.bytes[i];

		if (hex_digit(c) < 0 && c != ':' && c != '.')
			return false;
	}
	for (size_t i = zone; i < host.count; i++)
	{
		char		c = host.bytes[i];

		if (c <= ' ' || c > '~' || strchr("\"#/<>?@[\\]^`{|}", c) != NULL)
			return false;
	}
	return true;
}

/* Finds the host in host[:port]; *rest begins behind it. */
static bool
parse_host(Span address, Span *host, const char **rest, char *error, size_t error_bytes)
{
	const char *end = address.bytes + address.count;

	if (address.count > 0 && address.bytes[0] == '[')
	{
		const char *bracket = memchr(address.bytes, ']', address.count);

		if (bracket == NULL || !is_ipv6_host(span(address.bytes + 1, bracket)))
			return refuse(error, error_bytes,
						  "expected an IPv6 address between \"[\" and \"]\"");
		*host = span(address.bytes + 1, bracket);
		*rest = bracket + 1;
		return true;
	}
	*rest = memrchr(address.bytes, ':', address.count);
	if (*rest == NULL)
		*rest = end;
	*host = span(address.bytes, *rest);
	return is_host(*host) ||
		refuse(error, error_bytes, "expected a host name or address, IPv6 in brackets");
}

static bool
parse_address(Span address, RedisUrl *url, char *error, size_t error_bytes)
{
	const char *end = address.bytes + address.count;
	const char *rest;
	Span		host;
	long		port = URL_DEFAULT_PORT;

	if (!parse_host(address, &host, &rest, error, error_bytes))
		return false;
	if (rest < end)
		port = *rest == ':' ? parse_number(span(rest + 1, end), PORT_MAX) : -1;
	if (port < 1)
		return refuse(error, error_bytes, "expected a port from 1 to 65535 after the host");
	url->port = (int) port;
	url->host = strndup(host.bytes, host.count);
	return url->host != NULL || refuse(error, error_bytes, "out of memory");
}

static bool
parse_tcp(const UrlParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	long		database = 0;

	if (!parse_address(parts->address, url, error, error_bytes))
		return false;
	if (parts->query.bytes != NULL)
		return refuse(error, error_bytes,
					  "expected no \"?\": the database number goes into the path, as in redis://host/3");
	if (parts->path.count > 1)
		database = parse_number(span(parts->path.bytes + 1,
									 parts->path.bytes + parts->path.count), INT_MAX);
	if (database < 0)
		return refuse(error, error_bytes,
					  "expected a database number from 0 to 2147483647 after the last \"/\"");
	url->database = (int) database;
	return true;
}

static bool
parse_unix(const UrlParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	long		database = 0;

	if (parts->address.count > 0 || parts->path.count < 2)
		return refuse(error, error_bytes,
					  "expected the absolute path of a socket, as in unix:///run/redis/redis.sock");
	if (!decode(parts->path, &url->socket_path, error, error_bytes))
		return false;
	if (strlen(url->socket_path) > SOCKET_PATH_BYTES_MAX)
		return refuse(error, error_bytes, "expected a socket path of at most 107 bytes");
	if (parts->query.bytes != NULL)
	{
		database = -1;
		if (strncmp(parts->query.bytes, "db=", 3) == 0)
			database = parse_number(span(parts->query.bytes + 3,
										 parts->query.bytes + parts->query.count), INT_MAX);
	}
	if (database < 0)
		return refuse(error, error_bytes,
					  "expected db= and a number from 0 to 2147483647 after \"?\"");
	url->database = (int) database;
	return true;
}

static const Scheme *
find_scheme(const char *text)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (strncasecmp(text, schemes[i].text, strlen(schemes[i].text)) == 0)
			return &schemes[i];
	return NULL;
}

bool
url_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
{
	const Scheme *scheme = find_scheme(text);
	UrlParts	parts;

	memset(url, 0, sizeof(*url));
	if (url_sentinel_is(text))
		return url_sentinel_parse(text, url, error, error_bytes);
	if (url_cluster_is(text))
		return url_cluster_parse(text, url, error, error_bytes);
	if (scheme == NULL)
		return refuse(error, error_bytes,
					  "expected a URL that begins with redis://, rediss://, unix://, redis+sentinel://,"
					  " rediss+sentinel://, redis+cluster:// or rediss+cluster://");
	url->tls.is_used = scheme->is_tls;
	if (split(text + strlen(scheme->text), &parts, error, error_bytes) &&
		parse_credentials(&parts, url, error, error_bytes) &&
		(scheme->is_unix ? parse_unix(&parts, url, error, error_bytes) :
		 parse_tcp(&parts, url, error, error_bytes)))
		return true;
	url_reset(url);
	return false;
}

bool
url_set_host(RedisUrl *url, const char *host, char *error, size_t error_bytes)
{
	Span		text = span(host, host + strlen(host));
	char	   *copy;

	if (url->sentinels.count > 0)
		return refuse(error, error_bytes, "expected no host next to the sentinels of the URL");
	if (url->node_count > 0)
		return refuse(error, error_bytes, "expected no host next to the nodes of the URL");
	if (text.count > 1 && host[0] == '[' && host[text.count - 1] == ']')
		text = span(host + 1, host + text.count - 1);
	if (!is_host(text) && !is_ipv6_host(text))
		return refuse(error, error_bytes, "expected a host name or address alone");
	copy = strndup(text.bytes, text.count);
	if (copy == NULL)
		return refuse(error, error_bytes, "out of memory");
	if (url->socket_path != NULL)
		url->port = URL_DEFAULT_PORT;
	free(url->socket_path);
	free(url->host);
	url->socket_path = NULL;
	url->host = copy;
	return true;
}

bool
url_set_port(RedisUrl *url, const char *digits, char *error, size_t error_bytes)
{
	long		port = parse_number(span(digits, digits + strlen(digits)), PORT_MAX);

	if (url->socket_path != NULL)
		return refuse(error, error_bytes, "expected no port next to the path of a socket");
	if (url->sentinels.count > 0)
		return refuse(error, error_bytes, "expected no port next to the sentinels of the URL");
	if (url->node_count > 0)
		return refuse(error, error_bytes, "expected no port next to the nodes of the URL");
	if (port < 1)
		return refuse(error, error_bytes, "expected a port from 1 to 65535");
	url->port = (int) port;
	return true;
}

bool
url_set_database(RedisUrl *url, const char *digits, char *error, size_t error_bytes)
{
	long		database = parse_number(span(digits, digits + strlen(digits)), INT_MAX);

	if (database < 0)
		return refuse(error, error_bytes, "expected a database number from 0 to 2147483647");
	if (url->node_count > 0 && database > 0)
		return refuse(error, error_bytes, "expected database 0, the only one that a cluster has");
	url->database = (int) database;
	return true;
}

/* Where a field is added, this stops the build until url_equals compares it. */
_Static_assert(sizeof(void *) != 8 ||
			   (sizeof(RedisUrl) == 9 * sizeof(char *) + 2 * sizeof(int) + sizeof(UrlTls) +
				sizeof(UrlSentinels) && sizeof(UrlSentinels) == 5 * sizeof(char *) &&
				sizeof(UrlTls) == 4 * sizeof(char *) + 2 * sizeof(int)),
			   "url_equals() compares every field of a RedisUrl");

static bool
is_same_part(const char *part, const char *other)
{
	return part == NULL || other == NULL ? part == other : strcmp(part, other) == 0;
}

static bool
is_same_tls(const UrlTls *tls, const UrlTls *other)
{
	return tls->is_used == other->is_used && tls->verify == other->verify &&
		is_same_part(tls->ca_file, other->ca_file) &&
		is_same_part(tls->cert_file, other->cert_file) &&
		is_same_part(tls->key_file, other->key_file) &&
		is_same_part(tls->server_name, other->server_name);
}

static bool
are_same_hosts(const UrlHost *hosts, const UrlHost *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(hosts[i].host, others[i].host) != 0 || hosts[i].port != others[i].port)
			return false;
	return true;
}

static bool
is_same_sentinels(const UrlSentinels *sentinels, const UrlSentinels *other)
{
	return sentinels->count == other->count &&
		is_same_part(sentinels->master, other->master) &&
		is_same_part(sentinels->username, other->username) &&
		is_same_part(sentinels->password_file, other->password_file) &&
		are_same_hosts(sentinels->hosts, other->hosts, sentinels->count);
}

bool
url_equals(const RedisUrl *url, const RedisUrl *other)
{
	return is_same_part(url->host, other->host) &&
		is_same_part(url->socket_path, other->socket_path) &&
		url->port == other->port && url->database == other->database &&
		is_same_part(url->username, other->username) &&
		is_same_part(url->password, other->password) &&
		is_same_part(url->password_file, other->password_file) &&
		is_same_tls(&url->tls, &other->tls) &&
		is_same_sentinels(&url->sentinels, &other->sentinels) &&
		url->is_of_sentinel == other->is_of_sentinel &&
		url->is_of_cluster == other->is_of_cluster && url->node_count == other->node_count &&
		are_same_hosts(url->nodes, other->nodes, url->node_count);
}

static void
free_hosts(UrlHost *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(hosts[i].host);
	free(hosts);
}

void
url_reset(RedisUrl *url)
{
	if (url->password != NULL)
		explicit_bzero(url->password, strlen(url->password));
	free(url->host);
	free(url->socket_path);
	free(url->username);
	free(url->password);
	free(url->password_file);
	free(url->tls.ca_file);
	free(url->tls.cert_file);
	free(url->tls.key_file);
	free(url->tls.server_name);
	free_hosts(url->sentinels.hosts, url->sentinels.count);
	free_hosts(url->nodes, url->node_count);
	free(url->sentinels.master);
	free(url->sentinels.username);
	free(url->sentinels.password_file);
	memset(url, 0, sizeof(*url));
}
