/*-------------------------------------------------------------------------
 *
 * glob.h
 *	  Redis' glob patterns, as KEYS and SCAN … MATCH read them.
 *
 * "*" any bytes, "?" one byte, "[a-z]" and "[^a]" one byte in or not in a
 * class, "\x" the byte x itself.  An unclosed class ends with the pattern.
 * Patterns and texts are bytes; a zero byte is a byte like any other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_GLOB_H
#define UNCACHED_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* Takes at most pattern_bytes * text_bytes steps, whatever the pattern. */
extern bool glob_match(const char *pattern, size_t pattern_bytes,
					   const char *text, size_t text_bytes);

/*
 * Writes a pattern that matches exactly "literal" and returns its length.
 * "pattern" needs room for 2 * literal_bytes.
 */
extern size_t glob_escape(const char *literal, size_t literal_bytes, char *pattern);

/*
 * Writes the bytes that every match begins with, without backslashes, and
 * their count.  "literal" needs room for pattern_bytes.  True if the pattern
 * has no wildcard, so that the literal is its only match.
 */
extern bool glob_literal_prefix(const char *pattern, size_t pattern_bytes,
								char *literal, size_t *literal_bytes);

#endif
