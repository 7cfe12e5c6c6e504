/*-------------------------------------------------------------------------
 *
 * listen_address.c
 *	  Where to listen, from a text: PORT, ADDRESS:PORT or [ADDRESS]:PORT.
 *
 *-------------------------------------------------------------------------
 */
#include "base/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define PORT_DIGITS_MAX 5

/* Digits only; 0 would be any. */
static bool
parse_port(const char *text, in_port_t *port)
{
	uint32_t	number = 0;
	size_t		digits = strspn(text, "0123456789");

	if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (uint32_t) (text[i] - '0');
	*port = htons((uint16_t) number);
	return number > 0 && number <= UINT16_MAX;
}

static bool
parse_ipv4(const char *host, const char *port, ListenAddress *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *) &address->storage;

	in->sin_family = AF_INET;
	address->bytes = sizeof(*in);
	return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
					 &in->sin_addr) == 1 && parse_port(port, &in->sin_port);
}

static bool
parse_ipv6(const char *host, const char *port, ListenAddress *address)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *) &address->storage;

	in->sin6_family = AF_INET6;
	address->bytes = sizeof(*in);
	return inet_pton(AF_INET6, host, &in->sin6_addr) == 1 && parse_port(port, &in->sin6_port);
}

bool
listen_address_parse(const char *text, ListenAddress *address)
{
	const char *colon = strrchr(text, ':');
	char		host[INET6_ADDRSTRLEN];
	size_t		host_bytes = colon != NULL ? (size_t) (colon - text) : 0;

	memset(address, 0, sizeof(*address));
	if (colon == NULL)
		return parse_ipv4("127.0.0.1", text, address);
	if (host_bytes >= sizeof(host))
		return false;
	memcpy(host, text, host_bytes);
	host[host_bytes] = '\0';
	if (host[0] != '[')
		return parse_ipv4(host, colon + 1, address);
	if (host[host_bytes - 1] != ']')
		return false;
	host[host_bytes - 1] = '\0';
	return parse_ipv6(host + 1, colon + 1, address);
}
