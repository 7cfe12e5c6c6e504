/*-------------------------------------------------------------------------
 *
 * log_fixture.h
 *	  A log in memory, and what was written to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOG_FIXTURE_H
#define UNCACHED_LOG_FIXTURE_H

#include <check.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

static Log	test_log;
static LogOutput test_log_file;
static char said[16384];

static inline void
open_test_log(LogLevel level)
{
	test_log.level = level;
	test_log.format = LOG_FORMAT_LOGFMT;
	test_log.output = &test_log_file;
	log_output_init(&test_log_file, memfd_create("log", MFD_CLOEXEC), log_write_notice, &test_log);
	ck_assert_int_ge(test_log_file.fd, 0);
}

static inline void
close_test_log(void)
{
	close(test_log_file.fd);
}

/* All that was written is in "said". */
static inline void
read_test_log(void)
{
	ssize_t		count = pread(test_log_file.fd, said, sizeof(said) - 1, 0);

	ck_assert_int_ge(count, 0);
	said[count] = '\0';
}

#endif
