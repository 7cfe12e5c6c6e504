/*-------------------------------------------------------------------------
 *
 * fuzz_reply.h
 *	  Which replies of Redis are worth trying.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_FUZZ_REPLY_H
#define UNCACHE_FUZZ_REPLY_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits of the longest length in a reply. */
#define FUZZ_REPLY_MAX_DIGITS 4

/*
 * hiredis takes memory for as many elements as an array says that it has: what
 * says millions tests the machine and not us.
 */
static inline bool
fuzz_reply_is_modest(const uint8_t *data, size_t size)
{
	size_t		digits = 0;
	bool		is_length = false;

	for (size_t i = 0; i < size; i++)
	{
		if (data[i] == '*' || data[i] == '$')
		{
			is_length = true;
			digits = 0;
		}
		else if (data[i] >= '0' && data[i] <= '9')
			digits++;
		else if (data[i] == '\n')
			is_length = false;
		if (is_length && digits > FUZZ_REPLY_MAX_DIGITS)
			return false;
	}
	return true;
}

#endif
