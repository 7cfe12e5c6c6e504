/*-------------------------------------------------------------------------
 *
 * glob.c
 *	  Redis' glob patterns, as KEYS and SCAN … MATCH read them.
 *
 * Redis' own matcher recurses at each "*", which takes exponential time for
 * patterns like "a*a*a*a*b" before 7.0.9 (CVE-2022-36021).  Here only the
 * last "*" is ever tried again: what an earlier one could still swallow, the
 * last one can swallow as well.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/glob.h"

#include <stdint.h>

typedef struct Pattern
{
	const char *bytes;
	size_t		byte_count;
} Pattern;

/* Does the byte lie between the two ends, whichever comes first? */
static bool
in_range(char byte, char one_end, char other_end)
{
	unsigned char low = (unsigned char) one_end;
	unsigned char high = (unsigned char) other_end;
	unsigned char value = (unsigned char) byte;

	return low <= high ? (low <= value && value <= high)
		: (high <= value && value <= low);
}

/*
 * "at" stands behind the "[".  Moves it behind the class and says whether
 * the class has the byte.
 */
static bool
class_has(const Pattern *pattern, size_t *at, char byte)
{
	const char *bytes = pattern->bytes;
	size_t		end = pattern->byte_count;
	size_t		i = *at;
	bool		negated = i < end && bytes[i] == '^';
	bool		found = false;

	if (negated)
		i++;
	while (i < end && bytes[i] != ']')
	{
		if (bytes[i] == '\\' && end - i >= 2)
		{
			found |= bytes[i + 1] == byte;
			i += 2;
		}
		else if (end - i >= 3 && bytes[i + 1] == '-')
		{
			found |= in_range(byte, bytes[i], bytes[i + 2]);
			i += 3;
		}
		else
		{
			found |= bytes[i] == byte;
			i++;
		}
	}
	*at = i < end ? i + 1 : end;
	return found != negated;
}

/* Matches one byte against the element at "at", and moves behind it. */
static bool
element_matches(const Pattern *pattern, size_t *at, char byte)
{
	char		first = pattern->bytes[(*at)++];

	switch (first)
	{
		case '?':
			return true;
		case '[':
			return class_has(pattern, at, byte);
		case '\\':
			if (*at < pattern->byte_count)
				first = pattern->bytes[(*at)++];
			return first == byte;
		default:
			return first == byte;
	}
}

bool
glob_match(const char *pattern, size_t pattern_bytes,
		   const char *text, size_t text_bytes)
{
	const Pattern whole = {pattern, pattern_bytes};
	size_t		at = 0;
	size_t		position = 0;
	size_t		behind_star = SIZE_MAX; /* none met yet */
	size_t		star_position = 0;	/* first byte that the star leaves over */

	while (position < text_bytes)
	{
		if (at < pattern_bytes && pattern[at] == '*')
		{
			behind_star = ++at;
			star_position = position;
			continue;
		}
		if (at < pattern_bytes && element_matches(&whole, &at, text[position]))
		{
			position++;
			continue;
		}
		if (behind_star == SIZE_MAX)
			return false;
		at = behind_star;
		position = ++star_position;
	}
	while (at < pattern_bytes && pattern[at] == '*')
		at++;
	return at == pattern_bytes;
}

static bool
is_special(char byte)
{
	return byte == '*' || byte == '?' || byte == '[' || byte == '\\';
}

size_t
glob_escape(const char *literal, size_t literal_bytes, char *pattern)
{
	size_t		count = 0;

	for (size_t i = 0; i < literal_bytes; i++)
	{
		if (is_special(literal[i]))
			pattern[count++] = '\\';
		pattern[count++] = literal[i];
	}
	return count;
}

bool
glob_literal_prefix(const char *pattern, size_t pattern_bytes,
					char *literal, size_t *literal_bytes)
{
	size_t		count = 0;
	size_t		i;

	for (i = 0; i < pattern_bytes; i++)
	{
		if (pattern[i] == '\\' && i + 1 < pattern_bytes)
			i++;
		else if (pattern[i] == '\\')
			;					/* the last byte: stands for itself */
		else if (is_special(pattern[i]))
			break;
		literal[count++] = pattern[i];
	}
	*literal_bytes = count;
	return i == pattern_bytes;
}
