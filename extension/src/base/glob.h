/*-------------------------------------------------------------------------
 *
 * glob.h
 *	  What is special in a Redis glob pattern.
 *
 * Source: stringmatchlen() of Redis 7.0 treats * ? [ \ as special outside of
 * brackets; "]" is escaped with them so that a pattern is easy to read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GLOB_H
#define UNCACHE_GLOB_H

#include <stdbool.h>

static inline bool
glob_is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

#endif
