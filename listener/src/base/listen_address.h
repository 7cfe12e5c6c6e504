/*-------------------------------------------------------------------------
 *
 * listen_address.h
 *	  Where to listen, from a text: PORT, ADDRESS:PORT or [ADDRESS]:PORT.
 *
 * Pure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LISTEN_ADDRESS_H
#define UNCACHED_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

typedef struct ListenAddress
{
	struct sockaddr_storage storage;
	socklen_t	bytes;			/* of it */
} ListenAddress;

/*
 * A port alone is on 127.0.0.1.  An address is one of IPv4, of IPv6 in brackets, or
 * "localhost", for 127.0.0.1; other names are not looked up.  False if it is none of these.
 */
extern bool listen_address_parse(const char *text, ListenAddress *address)
			__attribute__((warn_unused_result));

#endif
