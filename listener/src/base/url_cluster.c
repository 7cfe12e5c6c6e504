/*-------------------------------------------------------------------------
 *
 * url_cluster.c
 *	  URLs of Redis Clusters: redis+cluster://[user[:password]@]host[:port][,host[:port]…].
 *
 * Each node is put into a URL of a server, so that it is read, and refused, as there.
 *
 *-------------------------------------------------------------------------
 */
#include "base/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char plain[] = "redis+cluster://";
static const char with_tls[] = "rediss+cluster://";

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
url_cluster_is(const char *text)
{
	return begins_with(text, plain) || begins_with(text, with_tls);
}

/* The first node's URL is that of the whole, user and password included. */
static bool
append_node(const char *credentials, size_t credential_bytes, const char *node, size_t node_bytes,
			RedisUrl *url, char *error, size_t error_bytes)
{
	UrlHost    *grown = realloc(url->nodes, (url->node_count + 1) * sizeof(*grown));
	char	   *text = NULL;
	RedisUrl	parsed;
	bool		is_parsed;

	if (grown == NULL)
		return refuse(error, error_bytes, "out of memory");
	url->nodes = grown;
	if (asprintf(&text, "redis://%.*s%.*s", (int) credential_bytes, credentials, (int) node_bytes, node) < 0)
		return refuse(error, error_bytes, "out of memory");
	is_parsed = url_parse(text, &parsed, error, error_bytes);
	explicit_bzero(text, strlen(text));
	free(text);
	if (!is_parsed)
		return false;
	grown[url->node_count].host = parsed.host;
	grown[url->node_count++].port = parsed.port;
	parsed.host = NULL;
	if (url->node_count == 1)
	{
		url->username = parsed.username;
		url->password = parsed.password;
		parsed.username = parsed.password = NULL;
	}
	url_reset(&parsed);
	return true;
}

/* A cluster has one database, which may be named. */
static bool
is_path(const char *path)
{
	return *path == '\0' || strcmp(path, "/") == 0 || strcmp(path, "/0") == 0;
}

static bool
parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
{
	size_t		authority_bytes = strcspn(text, "/?#");
	const char *path = text + authority_bytes;
	const char *at = memrchr(text, '@', authority_bytes);
	const char *node = at == NULL ? text : at + 1;

	if (strchr(path, '@') != NULL || strchr(path, '#') != NULL)
		return refuse(error, error_bytes,
					  "expected \"/\", \"?\" and \"#\" in a user name or password as %2F, %3F and %23");
	if (!is_path(path))
		return refuse(error, error_bytes,
					  "expected nothing behind the nodes of a cluster, which has database 0 only");
	for (;;)
	{
		size_t		node_bytes = strcspn(node, ",/");

		if (!append_node(text, (size_t) ((at == NULL ? text : at + 1) - text), node, node_bytes, url,
						 error, error_bytes))
			return false;
		if (node[node_bytes] != ',')
			return true;
		node += node_bytes + 1;
	}
}

bool
url_cluster_parse(const char *text, RedisUrl *url, char *error, size_t error_bytes)
{
	bool		is_tls = begins_with(text, with_tls);

	memset(url, 0, sizeof(*url));
	if (parse(text + strlen(is_tls ? with_tls : plain), url, error, error_bytes))
	{
		url->tls.is_used = is_tls;
		url->is_of_cluster = true;
		return true;
	}
	url_reset(url);
	return false;
}

static bool
copy_part(const char *part, char **copy)
{
	*copy = part == NULL ? NULL : strdup(part);
	return part == NULL || *copy != NULL;
}

bool
url_cluster_node(const RedisUrl *url, const char *host, int port, RedisUrl *node)
{
	bool		is_copied;

	memset(node, 0, sizeof(*node));
	node->port = port;
	node->is_of_cluster = true;
	node->tls.verify = url->tls.verify;
	node->tls.is_used = url->tls.is_used;
	is_copied = copy_part(host, &node->host);
	is_copied &= copy_part(url->username, &node->username);
	is_copied &= copy_part(url->password, &node->password);
	is_copied &= copy_part(url->password_file, &node->password_file);
	is_copied &= copy_part(url->tls.ca_file, &node->tls.ca_file);
	is_copied &= copy_part(url->tls.cert_file, &node->tls.cert_file);
	is_copied &= copy_part(url->tls.key_file, &node->tls.key_file);
	is_copied &= copy_part(url->tls.server_name, &node->tls.server_name);
	if (!is_copied)
		url_reset(node);
	return is_copied;
}
