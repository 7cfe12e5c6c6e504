/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  What every fuzz target needs: checks, and bytes in memory of exact size.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_FUZZ_H
#define UNCACHE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target; libFuzzer calls it.  Always returns 0. */
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* Never NULL, of exactly so many bytes, so that ASan sees the first one beyond. */
static inline char *
fuzz_alloc(size_t size)
{
	char	   *bytes = malloc(size > 0 ? size : 1);

	FUZZ_CHECK(bytes != NULL);
	return bytes;
}

/* A copy; without a zero byte behind it. */
static inline char *
fuzz_copy(const void *data, size_t size)
{
	char	   *copy = fuzz_alloc(size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/* A copy that ends with a zero byte; earlier ones, if there are any, cut it. */
static inline char *
fuzz_copy_text(const void *data, size_t size)
{
	char	   *copy = fuzz_alloc(size + 1);

	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

/* Splits at the first newline: the length of what stands before it. */
static inline size_t
fuzz_line_length(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;

	return newline == NULL ? size : (size_t) (newline - data);
}

/* Is it a message as a log or a terminal may show it: one line, nothing else? */
static inline bool
fuzz_is_message(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' || *text == 0x7f)
			return false;
	return true;
}

#endif
