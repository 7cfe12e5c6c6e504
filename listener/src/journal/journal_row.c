/*-------------------------------------------------------------------------
 *
 * journal_row.c
 *	  Decodes the fields of journal rows from PostgreSQL's binary format.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_row.h"

#include <string.h>

/* pg_type.dat */
#define TEXT_OID 25

/* 2000-01-01 in seconds since 1970 */
#define POSTGRES_EPOCH_S INT64_C(946684800)
#define US_PER_S INT64_C(1000000)

#define ARRAY_HEAD_BYTES 12
#define ARRAY_DIMENSION_BYTES 8

static uint32_t
read_uint32(const char *bytes)
{
	unsigned char byte[4];

	memcpy(byte, bytes, sizeof(byte));
	return (uint32_t) byte[0] << 24 | (uint32_t) byte[1] << 16 |
		(uint32_t) byte[2] << 8 | (uint32_t) byte[3];
}

static bool
is_text(const char *field, size_t field_bytes, const char *text)
{
	return field_bytes == strlen(text) && memcmp(field, text, field_bytes) == 0;
}

static const char *const action_names[JOURNAL_ACTION_COUNT] = {
	[JOURNAL_ACTION_KEYS] = "keys",
	[JOURNAL_ACTION_PATTERNS] = "patterns",
	[JOURNAL_ACTION_TAGS] = "tags",
	[JOURNAL_ACTION_TAG_PATTERNS] = "tag_patterns",
	[JOURNAL_ACTION_VERSIONS] = "versions",
	[JOURNAL_ACTION_VERSION_PATTERNS] = "version_patterns",
	[JOURNAL_ACTION_CACHEOPS] = "cacheops",
	[JOURNAL_ACTION_CACHEOPS_TABLES] = "cacheops_tables",
	[JOURNAL_ACTION_RESYNC] = "resync",
};

const char *
journal_row_action_name(JournalAction action)
{
	return action_names[action];
}

bool
journal_row_decode_action(const char *field, size_t field_bytes, JournalAction *action)
{
	for (size_t i = 0; i < JOURNAL_ACTION_COUNT; i++)
		if (is_text(field, field_bytes, action_names[i]))
		{
			*action = (JournalAction) i;
			return true;
		}
	return false;
}

bool
journal_row_decode_time(const char *field, size_t field_bytes, int64_t *unix_us)
{
	uint64_t	raw;
	int64_t		postgres_us;

	if (field_bytes != sizeof(raw))
		return false;
	raw = (uint64_t) read_uint32(field) << 32 | read_uint32(field + 4);
	memcpy(&postgres_us, &raw, sizeof(postgres_us));

	/* the extreme values are the infinities; none overflows after this */
	if (postgres_us == INT64_MIN ||
		postgres_us > INT64_MAX - POSTGRES_EPOCH_S * US_PER_S)
		return false;
	*unix_us = postgres_us + POSTGRES_EPOCH_S * US_PER_S;
	return true;
}

bool
journal_row_begin_keys(const char *field, size_t field_bytes, JournalKeys *keys)
{
	uint32_t	dimension_count;
	uint32_t	element_type;

	if (field_bytes < ARRAY_HEAD_BYTES)
		return false;
	dimension_count = read_uint32(field);
	element_type = read_uint32(field + 8);
	if (dimension_count > 1 || element_type != TEXT_OID)
		return false;

	keys->next = field + ARRAY_HEAD_BYTES;
	keys->end = field + field_bytes;
	keys->remaining_count = 0;
	if (dimension_count == 1)
	{
		if (field_bytes < ARRAY_HEAD_BYTES + ARRAY_DIMENSION_BYTES)
			return false;
		keys->remaining_count = read_uint32(keys->next);
		keys->next += ARRAY_DIMENSION_BYTES;
	}
	return true;
}

JournalStep
journal_row_next_key(JournalKeys *keys, const char **key, size_t *key_bytes)
{
	size_t		left = (size_t) (keys->end - keys->next);
	uint32_t	length;

	if (keys->remaining_count == 0)
		return left == 0 ? JOURNAL_STEP_END : JOURNAL_STEP_MALFORMED;
	if (left < sizeof(length))
		return JOURNAL_STEP_MALFORMED;

	/* a NULL element has length -1: as unsigned, more than is ever left */
	length = read_uint32(keys->next);
	if (length > INT32_MAX || length > left - sizeof(length))
		return JOURNAL_STEP_MALFORMED;
	*key = keys->next + sizeof(length);
	*key_bytes = length;
	keys->next += sizeof(length) + length;
	keys->remaining_count--;
	return JOURNAL_STEP_KEY;
}
