/*-------------------------------------------------------------------------
 *
 * fuzz_log.c
 *	  Log lines: whatever bytes an event has, it is one line of printable
 *	  UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

#define LINE_BYTES (64 * 1024)

/* The length of the UTF-8 character at the start, 0 if there is none. */
static size_t
utf8_length(const char *text, size_t size)
{
	unsigned char first = (unsigned char) text[0];
	size_t		length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

	if (length > size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if (((unsigned char) text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void
check_line(const char *line, size_t size)
{
	size_t		length;

	FUZZ_CHECK(size > 0 && line[size - 1] == '\n');
	for (size_t at = 0; at < size - 1; at += length)
	{
		length = utf8_length(line + at, size - 1 - at);
		FUZZ_CHECK(length > 0);
		FUZZ_CHECK((unsigned char) line[at] >= ' ' && line[at] != 0x7f);
		/* U+0080 to U+009F, which terminals obey */
		FUZZ_CHECK(length != 2 || (unsigned char) line[at] != 0xc2 || (unsigned char) line[at + 1] >= 0xa0);
	}
}

/* Does every quote that opens close, so that no value looks like another field? */
static void
check_quotes(const char *line, size_t size)
{
	bool		is_open = false;

	for (size_t i = 0; i < size; i++)
		if (line[i] == '\\' && is_open)
			i++;
		else if (line[i] == '"')
			is_open = !is_open;
	FUZZ_CHECK(!is_open);
}

static void
write_line(LogFormat format, const char *bytes, size_t size)
{
	static char line[LINE_BYTES];
	static LogOutput log_output;
	int			fd = memfd_create("log", MFD_CLOEXEC);
	Log			log = {LOG_LEVEL_INFO, format, &log_output};
	ssize_t		line_bytes;

	FUZZ_CHECK(fd >= 0);
	log_output_init(&log_output, fd, log_write_notice, &log);
	log_event(&log, LOG_LEVEL_INFO, "event", LOG_BYTES("key", bytes, size),
			  LOG_NUMBER("key_count", 1));
	line_bytes = pread(fd, line, sizeof(line), 0);
	FUZZ_CHECK(line_bytes > 0);
	check_line(line, (size_t) line_bytes);
	check_quotes(line, (size_t) line_bytes);
	(void) close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *bytes = fuzz_copy(data, size);

	write_line(LOG_FORMAT_LOGFMT, bytes, size);
	write_line(LOG_FORMAT_JSON, bytes, size);
	free(bytes);
	return 0;
}
