/*-------------------------------------------------------------------------
 *
 * url_sentinel.c
 *	  URLs of sentinels: redis+sentinel://[user[:password]@]host[:port][,…]/master[/database].
 *
 * Each part is put into a URL of a server, so that it is read, and refused, as there.
 *
 *-------------------------------------------------------------------------
 */
#include "base/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASTER_BYTES_MAX 255

static const char plain[] = "redis+sentinel://";
static const char with_tls[] = "rediss+sentinel://";

/* What stands between the marks; all borrowed from the text. */
typedef struct SentinelParts
{
	const char *credentials;	/* with its '@' */
	const char *hosts;
	const char *master;
	const char *database;		/* with its '/' */
	const char *end;
} SentinelParts;

static bool
refuse(char *error, size_t error_bytes, const char *message)
{
	(void) snprintf(error, error_bytes, "%s", message);
	return false;
}

static bool
begins_with(const char *text, const char *scheme)
{
	return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

bool
url_sentinel_is(const char *text)
{
	return begins_with(text, plain) || begins_with(text, with_tls);
}

/*
 * The last '@' before the path ends user and password, as in other URLs.  What would hide
 * behind a mark inside of them is refused there.
 */
static bool
split(const char *text, SentinelParts *parts, char *error, size_t error_bytes)
{
	const char *authority_end;
	const char *at;

	parts->credentials = text + strlen(begins_with(text, plain) ? plain : with_tls);
	parts->end = text + strlen(text);
	authority_end = parts->credentials + strcspn(parts->credentials, "/?#");
	if (strchr(authority_end, '@') != NULL || strchr(authority_end, '#') != NULL)
		return refuse(error, error_bytes,
					  "expected \"/\", \"?\" and \"#\" in a user name or password as %2F, %3F and %23");
	if (strchr(authority_end, '?') != NULL)
		return refuse(error, error_bytes,
					  "expected no \"?\": master and database number go into the path, as in"
					  " redis+sentinel://host/mymaster/3");
	at = memrchr(parts->credentials, '@', (size_t) (authority_end - parts->credentials));
	parts->hosts = at == NULL ? parts->credentials : at + 1;
	parts->master = *authority_end == '/' ? authority_end + 1 : authority_end;
	parts->database = parts->master + strcspn(parts->master, "/");
	return true;
}

/* User, password and database are those of a server behind the sentinels. */
static bool
parse_server(const SentinelParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	char	   *text = NULL;
	bool		is_parsed;

	if (asprintf(&text, "redis://%.*sh%s", (int) (parts->hosts - parts->credentials),
				 parts->credentials, parts->database) < 0)
		return refuse(error, error_bytes, "out of memory");
	is_parsed = url_parse(text, url, error, error_bytes);
	explicit_bzero(text, strlen(text));
	free(text);
	if (!is_parsed)
		return false;
	free(url->host);
	url->host = NULL;
	url->port = 0;
	return true;
}

/* The name by which the sentinels know the server; "%XX" is for what a URL cannot have. */
static bool
parse_master(const SentinelParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	RedisUrl	decoded;
	char	   *text = NULL;
	bool		is_name;

	if (asprintf(&text, "redis://%.*s@h", (int) (parts->database - parts->master), parts->master) < 0)
		return refuse(error, error_bytes, "out of memory");
	is_name = url_parse(text, &decoded, error, error_bytes);
	free(text);
	if (!is_name)
		return false;
	url->sentinels.master = decoded.username;
	decoded.username = NULL;
	is_name = url->sentinels.master != NULL && decoded.password == NULL &&
		strlen(url->sentinels.master) <= MASTER_BYTES_MAX;
	url_reset(&decoded);
	for (const char *c = url->sentinels.master; is_name && *c != '\0'; c++)
		is_name = *c > ' ' && *c <= '~' && strchr("\"/\\", *c) == NULL;
	return is_name ||
		refuse(error, error_bytes,
			   "expected the master's name after the sentinels, as in redis+sentinel://host/mymaster/3");
}

static bool
append_host(const char *host, size_t host_bytes, RedisUrl *url, char *error, size_t error_bytes)
{
	UrlSentinels *sentinels = &url->sentinels;
	bool		has_port = host_bytes > 0 && host[host_bytes - 1] != ']' &&
	memchr(host, ':', host_bytes) != NULL;
	UrlHost    *grown;
	RedisUrl	parsed;
	char	   *text = NULL;
	bool		is_parsed;

	if (asprintf(&text, "redis://%.*s%s", (int) host_bytes, host, has_port ? "" : ":26379") < 0)
		return refuse(error, error_bytes, "out of memory");
	is_parsed = url_parse(text, &parsed, error, error_bytes);
	free(text);
	if (!is_parsed)
		return false;
	grown = realloc(sentinels->hosts, (sentinels->count + 1) * sizeof(*grown));
	if (grown == NULL)
	{
		url_reset(&parsed);
		return refuse(error, error_bytes, "out of memory");
	}
	sentinels->hosts = grown;
	grown[sentinels->count].host = parsed.host;
	grown[sentinels->count++].port = parsed.port;
	parsed.host = NULL;
	url_reset(&parsed);
	return true;
}

static bool
parse_hosts(const SentinelParts *parts, RedisUrl *url, char *error, size_t error_bytes)
{
	const char *host = parts->hosts;

	for (;;)
	{
		size_t		host_bytes = strcspn(host, ",/");

		if (!append_host(host, host_bytes, url, error, error_bytes))
			return false;
		if (host[host_bytes] != ',')
			return true;
		host += host_bytes + 1;
	}
}

bool
url_sentinel_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
{
	SentinelParts parts;

	memset(url, 0, sizeof(*url));
	if (split(text, &parts, error, error_bytes) &&
		parse_server(&parts, url, error, error_bytes) &&
		parse_hosts(&parts, url, error, error_bytes) &&
		parse_master(&parts, url, error, error_bytes))
	{
		url->tls.is_used = begins_with(text, with_tls);
		return true;
	}
	url_reset(url);
	return false;
}
