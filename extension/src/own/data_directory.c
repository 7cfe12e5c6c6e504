/*-------------------------------------------------------------------------
 *
 * data_directory.c
 *	  When the data directory came to be, as the file system tells it.
 *
 * A copy of a stopped server's files is the same server by all that stands in
 * them: system identifier, timeline, unlogged tables.  Only the file system
 * knows that the files are others.  It is asked for the birth of the control
 * file, which PostgreSQL makes once and from then on writes in place, and which
 * no tool can set.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "access/xlog_internal.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(uncache_files_created_at);

/* Linux; elsewhere nothing is known. */
#ifdef STATX_BTIME
static bool
find_creation(const char *path, TimestampTz *created_at)
{
	struct statx status;

	/* the server's programs work below its data directory */
	if (statx(AT_FDCWD, path, 0, STATX_BTIME, &status) != 0 ||
		(status.stx_mask & STATX_BTIME) == 0)
		return false;
	*created_at = time_t_to_timestamptz((pg_time_t) status.stx_btime.tv_sec) +
		(TimestampTz) (status.stx_btime.tv_nsec / 1000);
	return true;
}
#else
static bool
find_creation(const char *path, TimestampTz *created_at)
{
	return false;
}
#endif

/* files_created_at() → timestamptz, null where the file system does not tell */
Datum
uncache_files_created_at(PG_FUNCTION_ARGS)
{
	TimestampTz created_at;

	if (!find_creation(XLOG_CONTROL_FILE, &created_at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(created_at);
}
