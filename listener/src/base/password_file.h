/*-------------------------------------------------------------------------
 *
 * password_file.h
 *	  Reads a password from the first line of a file.
 *
 * Only from a regular file, of which no more than a line of
 * PASSWORD_FILE_BYTES is read: a FIFO or a device could keep the loop waiting.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PASSWORD_FILE_H
#define UNCACHED_PASSWORD_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The longest password. */
#define PASSWORD_FILE_MAX 4096

/* Room for reading one: with \r\n behind it, or a byte too many. */
#define PASSWORD_FILE_BYTES (PASSWORD_FILE_MAX + 3)

/*
 * Writes the first line, without its end, to "password", which has
 * PASSWORD_FILE_BYTES and is to be overwritten by the caller when it is no longer needed.
 * Says whether everybody may read the file.  A file that others than its
 * owner may write is refused.
 *
 * On false "problem" says what was expected, without path and contents, and
 * the password is empty.
 */
extern bool password_file_read(const char *path, char *password, bool *is_public,
							   char *problem, size_t problem_bytes)
			__attribute__((warn_unused_result));

#endif
