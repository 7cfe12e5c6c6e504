/*-------------------------------------------------------------------------
 *
 * fuzz_url.c
 *	  Redis URLs: what is read and written reads the same; what is refused is
 *	  not shown, since it may hold a password.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "base/url.h"

#define ERROR_BYTES 256
#define DESCRIPTION_BYTES 32

/* What messages show as examples is shorter: redis+sentinel://host. */
#define SHOWN_BYTES 24

/* Each byte by its number, whatever it is, but "/" in a path. */
static void
write_encoded(FILE *stream, const char *text, bool is_path)
{
	for (; *text != '\0'; text++)
		if (is_path && *text == '/')
			(void) fputc('/', stream);
		else
			(void) fprintf(stream, "%%%02x", (unsigned char) *text);
}

static void
write_host(FILE *stream, const char *host, int port)
{
	(void) fprintf(stream, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host, port);
}

static void
write_hosts(FILE *stream, const UrlHost *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		(void) fputs(i > 0 ? "," : "", stream);
		write_host(stream, hosts[i].host, hosts[i].port);
	}
}

static void
write_sentinels(FILE *stream, const UrlSentinels *sentinels)
{
	write_hosts(stream, sentinels->hosts, sentinels->count);
	(void) fputc('/', stream);
	write_encoded(stream, sentinels->master, false);
}

static void
write_url(FILE *stream, const RedisUrl *url)
{
	if (url->sentinels.count > 0)
		(void) fputs(url->tls.is_used ? "rediss+sentinel://" : "redis+sentinel://", stream);
	else if (url->node_count > 0)
		(void) fputs(url->tls.is_used ? "rediss+cluster://" : "redis+cluster://", stream);
	else
		(void) fputs(url->socket_path != NULL ? "unix://" : url->tls.is_used ? "rediss://" : "redis://", stream);
	if (url->username != NULL)
		write_encoded(stream, url->username, false);
	if (url->password != NULL)
	{
		(void) fputc(':', stream);
		write_encoded(stream, url->password, false);
	}
	if (url->username != NULL || url->password != NULL)
		(void) fputc('@', stream);
	if (url->socket_path != NULL)
	{
		write_encoded(stream, url->socket_path, true);
		(void) fprintf(stream, "?db=%d", url->database);
	}
	else
	{
		if (url->sentinels.count > 0)
			write_sentinels(stream, &url->sentinels);
		else if (url->node_count > 0)
			write_hosts(stream, url->nodes, url->node_count);
		else
			write_host(stream, url->host, url->port);
		(void) fprintf(stream, "/%d", url->database);
	}
}

static bool
is_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void
check_written(const RedisUrl *url)
{
	char	   *text = NULL;
	size_t		length = 0;
	FILE	   *stream = open_memstream(&text, &length);
	char		error[ERROR_BYTES];
	RedisUrl	again;

	FUZZ_CHECK(stream != NULL);
	write_url(stream, url);
	(void) fclose(stream);
	FUZZ_CHECK(url_parse(text, &again, error, sizeof(error)));
	FUZZ_CHECK(is_same(url->host, again.host) && is_same(url->socket_path, again.socket_path));
	FUZZ_CHECK(is_same(url->username, again.username) && is_same(url->password, again.password));
	FUZZ_CHECK(url->port == again.port && url->database == again.database);
	FUZZ_CHECK(url->socket_path != NULL || url_equals(url, &again));
	url_reset(&again);
	free(text);
}

/* Parts that are given apart, as by REDIS_HOST: the rest stays. */
static void
check_parts(RedisUrl *url, const char *part)
{
	char		error[ERROR_BYTES];
	int			database = url->database;
	bool		is_socket = url->socket_path != NULL;
	bool		is_of_sentinels = url->sentinels.count > 0;

	if (url_set_port(url, part, error, sizeof(error)))
		FUZZ_CHECK(!is_socket && !is_of_sentinels && url->port >= 1 && url->port <= 65535);
	else
		FUZZ_CHECK(fuzz_is_message(error));
	if (!url_set_database(url, part, error, sizeof(error)))
		FUZZ_CHECK(url->database == database && fuzz_is_message(error));
	if (url_set_host(url, part, error, sizeof(error)))
		FUZZ_CHECK(!is_of_sentinels && url->socket_path == NULL && url->port >= 1 &&
				   (part[0] == '[' || strcmp(url->host, part) == 0));
	else
		FUZZ_CHECK(fuzz_is_message(error));
	check_written(url);
}

/* The input is two lines: a URL, and a part. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		length = fuzz_line_length(data, size);
	size_t		rest = length < size ? length + 1 : size;
	char	   *text = fuzz_copy_text(data, length);
	char	   *part = fuzz_copy_text(data + rest, size - rest);
	char		description[DESCRIPTION_BYTES];
	char		error[ERROR_BYTES] = "";
	RedisUrl	url;

	if (url_parse(text, &url, error, sizeof(error)))
	{
		url_describe(&url, description, sizeof(description));
		FUZZ_CHECK(strlen(description) < sizeof(description));
		check_written(&url);
		check_parts(&url, part);
		url_reset(&url);
	}
	else
	{
		FUZZ_CHECK(error[0] != '\0' && fuzz_is_message(error));
		FUZZ_CHECK(strlen(text) < SHOWN_BYTES || strstr(error, text) == NULL);
	}
	free(part);
	free(text);
	return 0;
}
