/*-------------------------------------------------------------------------
 *
 * standard_streams.c
 *	  Standard input, output and error of the daemon.
 *
 *-------------------------------------------------------------------------
 */
#include "base/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAY_WAIT_MS 300

bool
standard_streams_open(void)
{
	int			fd;

	do
	{
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	(void) close(fd);
	return true;
}

bool
standard_streams_ignore_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	return sigaction(SIGPIPE, &ignore, NULL) == 0 && sigaction(SIGXFSZ, &ignore, NULL) == 0;
}

void
standard_streams_say(LogOutput *error_output, const char *problem)
{
	char		line[STANDARD_STREAMS_PROBLEM_BYTES + 16];
	int			line_bytes = snprintf(line, sizeof(line), "uncached: %.*s\n",
									  STANDARD_STREAMS_PROBLEM_BYTES, problem);
	bool		is_ignored = standard_streams_ignore_signals();

	(void) is_ignored;			/* it is said all the same */
	log_output_write(error_output, line, (size_t) line_bytes);
	log_output_flush(error_output, SAY_WAIT_MS);
}

bool
standard_streams_finish(LogOutput *error_output)
{
	char		problem[STANDARD_STREAMS_PROBLEM_BYTES];
	int			earlier_error = errno;	/* of a long text's first part */

	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	(void) snprintf(problem, sizeof(problem), "cannot write to standard output: %s",
					strerror(errno != 0 ? errno : earlier_error));
	standard_streams_say(error_output, problem);
	return false;
}
