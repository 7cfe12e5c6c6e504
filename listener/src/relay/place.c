/*-------------------------------------------------------------------------
 *
 * place.c
 *	  Where in Redis a target's keys are deleted, as a text to compare.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of "\\xff", which an escaped byte becomes. */
#define ESCAPE_BYTES 4

/* Room for all but address and prefix: " port 65535", "database 2147483647, prefix ". */
#define WORDS_BYTES 64

/* Appends any bytes as printable ASCII; returns the new end. */
static char *
append_escaped(char *end, const char *bytes, size_t byte_count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < byte_count; i++)
	{
		unsigned char byte = (unsigned char) bytes[i];

		if (byte > ' ' && byte < 0x7F && byte != '\\')
		{
			*end++ = (char) byte;
			continue;
		}
		*end++ = '\\';
		*end++ = 'x';
		*end++ = digits[byte >> 4];
		*end++ = digits[byte & 0xF];
	}
	*end = '\0';
	return end;
}

char *
place_describe(int database, const char *prefix, size_t prefix_bytes)
{
	char	   *text = malloc(WORDS_BYTES + prefix_bytes * ESCAPE_BYTES);
	int			used;

	if (text == NULL)
		return NULL;
	used = snprintf(text, WORDS_BYTES, "database %d, prefix ", database);
	(void) append_escaped(text + used, prefix, prefix_bytes);
	return text;
}

char *
place_describe_address(const RedisUrl *url)
{
	const char *named = url->node_count > 0 ? "Redis Cluster" : url->sentinels.master;
	const char *name = url->host != NULL ? url->host : named;
	const char *address = url->socket_path != NULL ? url->socket_path : name;
	char	   *text = malloc(WORDS_BYTES + strlen(address) * ESCAPE_BYTES);
	char	   *end;

	if (text == NULL)
		return NULL;
	end = append_escaped(text, address, strlen(address));
	if (url->host != NULL)
		(void) snprintf(end, WORDS_BYTES, " port %d", url->port);
	return text;
}
