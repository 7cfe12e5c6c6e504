/*-------------------------------------------------------------------------
 *
 * place.c
 *	  Where in Redis a target's keys are deleted, as a text to compare.
 *
 *-------------------------------------------------------------------------
 */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of "\\xff", which an escaped byte becomes. */
#define ESCAPE_BYTES 4

/* Room for all but address and prefix: ", port 65535, database 2147483647, prefix ". */
#define WORDS_BYTES 80

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
	return end;
}

/* "HOST port N, " or "PATH, " */
static char *
append_address(char *end, const RedisUrl *url)
{
	const char *address = url->socket_path != NULL ? url->socket_path : url->host;

	end = append_escaped(end, address, strlen(address));
	if (url->socket_path == NULL)
		end += snprintf(end, WORDS_BYTES, " port %d", url->port);
	return stpcpy(end, ", ");
}

char *
place_describe(const RedisUrl *url, const char *prefix, size_t prefix_bytes,
			   bool with_address)
{
	size_t		address_bytes = strlen(url->socket_path != NULL ? url->socket_path : url->host);
	char	   *text = malloc(WORDS_BYTES + (address_bytes + prefix_bytes) * ESCAPE_BYTES);
	char	   *end = text;

	if (text == NULL)
		return NULL;
	if (with_address)
		end = append_address(end, url);
	end += snprintf(end, WORDS_BYTES, "database %d, prefix ", url->database);
	*append_escaped(end, prefix, prefix_bytes) = '\0';
	return text;
}
