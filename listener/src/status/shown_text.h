/*-------------------------------------------------------------------------
 *
 * shown_text.h
 *	  Texts that somebody else has written, on a terminal or in JSON.
 *
 * Whoever may name a key or a table may put anything into a text: control characters that move
 * the cursor, marks that turn the direction of a line, bytes that are no characters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SHOWN_TEXT_H
#define UNCACHED_SHOWN_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * On one line, with nothing a terminal obeys: \n, \t, \r, \\, \xHH for other control characters and
 * for bytes that are not UTF-8, \uHHHH for marks of direction.
 */
extern void shown_text_print(FILE *stream, const char *text, size_t text_bytes);

/* As a string of JSON, with its quotes; U+FFFD for each byte that is not UTF-8. */
extern void shown_text_print_json(FILE *stream, const char *text, size_t text_bytes);

#endif
