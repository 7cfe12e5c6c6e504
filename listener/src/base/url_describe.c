/*-------------------------------------------------------------------------
 *
 * url_describe.c
 *	  What logs say of a URL.
 *
 *-------------------------------------------------------------------------
 */
#include "base/url.h"

#include <stdio.h>
#include <string.h>

/* A longer part is cut. */
#define PART_BYTES 272

void
url_describe_host(const char *host, int port, char *text, size_t text_bytes)
{
	bool		is_ipv6 = strchr(host, ':') != NULL;

	(void) snprintf(text, text_bytes, "%s%s%s:%d", is_ipv6 ? "[" : "", host,
					is_ipv6 ? "]" : "", port);
}

/* Behind what the text has already; what has no room is cut. */
static void
append(char *text, size_t text_bytes, const char *more)
{
	size_t		used = strlen(text);

	(void) snprintf(text + used, text_bytes - used, "%s", more);
}

static void
append_hosts(const UrlHost *hosts, size_t count, char *text, size_t text_bytes)
{
	char		part[PART_BYTES];

	for (size_t i = 0; i < count; i++)
	{
		url_describe_host(hosts[i].host, hosts[i].port, part, sizeof(part));
		append(text, text_bytes, i == 0 ? "" : ",");
		append(text, text_bytes, part);
	}
}

void
url_describe(const RedisUrl *url, char *text, size_t text_bytes)
{
	char		part[PART_BYTES];

	if (url->socket_path != NULL)
	{
		(void) snprintf(text, text_bytes, "%s db=%d", url->socket_path, url->database);
		return;
	}
	text[0] = '\0';
	if (url->host != NULL)
		url_describe_host(url->host, url->port, text, text_bytes);
	append_hosts(url->sentinels.hosts, url->sentinels.count, text, text_bytes);
	append_hosts(url->nodes, url->node_count, text, text_bytes);
	if (url->node_count > 0)
	{
		append(text, text_bytes, url->tls.is_used ? " cluster tls" : " cluster");
		return;
	}
	append(text, text_bytes, url->sentinels.count > 0 ? "/" : "");
	append(text, text_bytes, url->sentinels.count > 0 ? url->sentinels.master : "");
	(void) snprintf(part, sizeof(part), "/%d%s", url->database, url->tls.is_used ? " tls" : "");
	append(text, text_bytes, part);
}
