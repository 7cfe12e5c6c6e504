/*-------------------------------------------------------------------------
 *
 * fuzz_journal_row.c
 *	  Fields of journal rows: an array that is read whole is, written as
 *	  PostgreSQL writes arrays, the same bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <arpa/inet.h>

#include "journal/journal_row.h"

/* Three numbers, and two more for the one dimension. */
#define HEAD_BYTES 12
#define DIMENSION_BYTES 8

#define TEXT_OID 25

typedef struct Written
{
	char	   *bytes;
	size_t		count;
} Written;

static void
write_bytes(Written *written, const void *bytes, size_t count)
{
	memcpy(written->bytes + written->count, bytes, count);
	written->count += count;
}

static void
write_number(Written *written, uint32_t number)
{
	uint32_t	big_endian = htonl(number);

	write_bytes(written, &big_endian, sizeof(big_endian));
}

static uint32_t
read_number(const char *bytes)
{
	uint32_t	big_endian;

	memcpy(&big_endian, bytes, sizeof(big_endian));
	return ntohl(big_endian);
}

/* The head is copied but for what reading has checked. */
static void
write_head(Written *written, const char *field, size_t field_bytes, uint32_t key_count)
{
	uint32_t	dimensions = read_number(field);

	FUZZ_CHECK(field_bytes >= HEAD_BYTES && dimensions <= 1);
	FUZZ_CHECK(dimensions == 1 || key_count == 0);
	write_number(written, dimensions);
	write_number(written, read_number(field + 4));
	write_number(written, TEXT_OID);
	if (dimensions == 0)
		return;
	FUZZ_CHECK(field_bytes >= HEAD_BYTES + DIMENSION_BYTES);
	write_number(written, key_count);
	write_number(written, read_number(field + HEAD_BYTES + 4));
}

static void
check_array(const char *field, size_t field_bytes)
{
	Written		keys = {fuzz_alloc(field_bytes), 0};
	Written		whole = {fuzz_alloc(field_bytes + HEAD_BYTES + DIMENSION_BYTES), 0};
	JournalKeys walk;
	JournalStep step = JOURNAL_STEP_MALFORMED;
	uint32_t	key_count = 0;
	const char *key;
	size_t		key_bytes;

	if (journal_row_begin_keys(field, field_bytes, &walk))
		for (; (step = journal_row_next_key(&walk, &key, &key_bytes)) == JOURNAL_STEP_KEY; key_count++)
		{
			FUZZ_CHECK(key >= field && key_bytes <= field_bytes &&
					   key + key_bytes <= field + field_bytes);
			write_number(&keys, (uint32_t) key_bytes);
			write_bytes(&keys, key, key_bytes);
		}
	if (step == JOURNAL_STEP_END)
	{
		write_head(&whole, field, field_bytes, key_count);
		write_bytes(&whole, keys.bytes, keys.count);
		FUZZ_CHECK(whole.count == field_bytes && memcmp(whole.bytes, field, field_bytes) == 0);
	}
	free(whole.bytes);
	free(keys.bytes);
}

static void
check_scalars(const char *field, size_t field_bytes)
{
	JournalAction action;
	int64_t		unix_us;

	if (journal_row_decode_action(field, field_bytes, &action))
		FUZZ_CHECK(action <= JOURNAL_ACTION_RESYNC && field_bytes > 0);
	if (journal_row_decode_time(field, field_bytes, &unix_us))
		FUZZ_CHECK(field_bytes == sizeof(unix_us));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *field = fuzz_copy(data, size);

	check_scalars(field, size);
	check_array(field, size);
	free(field);
	return 0;
}
