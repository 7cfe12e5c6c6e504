/*-------------------------------------------------------------------------
 *
 * password_file.c
 *	  Reads a password from the first line of a file.
 *
 *-------------------------------------------------------------------------
 */
#include "base/password_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Fills "buffer" as far as the file goes; -1 with errno. */
static ssize_t
read_start(int fd, char *buffer, size_t buffer_bytes)
{
	size_t		used_bytes = 0;

	while (used_bytes < buffer_bytes)
	{
		ssize_t		got = read(fd, buffer + used_bytes, buffer_bytes - used_bytes);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			used_bytes += (size_t) got;
	}
	return (ssize_t) used_bytes;
}

/* Cuts the buffer down to its first line, as a string. */
static bool
take_first_line(char *buffer, size_t byte_count, char *problem, size_t problem_bytes)
{
	char	   *newline = memchr(buffer, '\n', byte_count);
	size_t		line_bytes = newline == NULL ? byte_count : (size_t) (newline - buffer);

	if (newline != NULL && line_bytes > 0 && buffer[line_bytes - 1] == '\r')
		line_bytes--;
	if (line_bytes == 0 || line_bytes > PASSWORD_FILE_MAX ||
		memchr(buffer, '\0', line_bytes) != NULL)
	{
		(void) snprintf(problem, problem_bytes, "expected a password of 1 to %d bytes, none of"
						" them zero, in the first line of the file", PASSWORD_FILE_MAX);
		return false;
	}
	buffer[line_bytes] = '\0';
	return true;
}

static bool
read_open_file(int fd, char *password, bool *is_public, char *problem, size_t problem_bytes)
{
	struct stat status;
	ssize_t		byte_count = -1;

	if (fd >= 0 && fstat(fd, &status) == 0)
	{
		if (!S_ISREG(status.st_mode))
		{
			(void) snprintf(problem, problem_bytes, "expected a regular file as the password file");
			return false;
		}
		if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		{
			(void) snprintf(problem, problem_bytes, "expected a password file that nobody but its"
							" owner can write; chmod go-w helps");
			return false;
		}
		*is_public = (status.st_mode & S_IROTH) != 0;
		byte_count = read_start(fd, password, PASSWORD_FILE_BYTES);
	}
	if (byte_count >= 0)
		return take_first_line(password, (size_t) byte_count, problem, problem_bytes);
	(void) snprintf(problem, problem_bytes, "expected a readable password file: %s",
					strerror(errno));
	return false;
}

bool
password_file_read(const char *path, char *password, bool *is_public, char *problem,
				   size_t problem_bytes)
{
	/* without O_NONBLOCK, opening a FIFO waits for its other end */
	int			fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool		is_read = read_open_file(fd, password, is_public, problem, problem_bytes);

	if (!is_read)
		explicit_bzero(password, PASSWORD_FILE_BYTES);
	if (fd >= 0)
		(void) close(fd);
	return is_read;
}
