/*-------------------------------------------------------------------------
 *
 * redis_slot.c
 *	  Which slot of a Redis Cluster a name lies in.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* CRC-16/XMODEM: polynomial 0x1021, of four bits each; the table is that of one byte's upper half. */
static const uint16_t half_byte[16] = {
	0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
	0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

static uint16_t
add_half(uint16_t crc, unsigned int half)
{
	return (uint16_t) ((crc << 4) ^ half_byte[(crc >> 12) ^ half]);
}

static uint16_t
continue_crc(uint16_t crc, const char *bytes, size_t byte_count)
{
	for (size_t i = 0; i < byte_count; i++)
	{
		unsigned char byte = (unsigned char) bytes[i];

		crc = add_half(crc, byte >> 4);
		crc = add_half(crc, byte & 0x0f);
	}
	return crc;
}

/* The part of the name that counts, if it is not all of it. */
static const char *
find_tag(const char *name, size_t name_bytes, size_t *tag_bytes)
{
	const char *tag = name_bytes > 0 ? memchr(name, '{', name_bytes) : NULL;
	const char *end;

	if (tag == NULL)
		return NULL;
	tag++;
	end = memchr(tag, '}', (size_t) (name + name_bytes - tag));
	if (end == NULL || end == tag)
		return NULL;
	*tag_bytes = (size_t) (end - tag);
	return tag;
}

unsigned int
redis_slot(const char *name, size_t name_bytes)
{
	size_t		tag_bytes;
	const char *tag = find_tag(name, name_bytes, &tag_bytes);

	if (tag != NULL)
		return continue_crc(0, tag, tag_bytes) % REDIS_SLOT_COUNT;
	return continue_crc(0, name, name_bytes) % REDIS_SLOT_COUNT;
}

/* --- suffixes --- */

#define SUFFIX_HEAD ":uncache:"
#define SUFFIX_LETTERS 4

/*
 * By the low bits of the CRC from 0 on, the number whose half bytes are the letters' low halves.
 * All bits of a CRC are linear in the bits of the text, so that letters can be looked up for any difference.
 */
static uint16_t letters_by_crc[REDIS_SLOT_COUNT];
static bool has_letters = false;

static void
write_letters(unsigned int number, char letters[SUFFIX_LETTERS])
{
	for (int i = 0; i < SUFFIX_LETTERS; i++)
		letters[i] = (char) ('@' + (number >> (4 * i) & 0x0f));
}

static void
make_letters(void)
{
	char		letters[SUFFIX_LETTERS];

	for (unsigned int number = 0; number <= UINT16_MAX; number++)
	{
		write_letters(number, letters);
		letters_by_crc[continue_crc(0, letters, SUFFIX_LETTERS) % REDIS_SLOT_COUNT] = (uint16_t) number;
	}
	has_letters = true;
}

void
redis_slot_suffix(const char *name, size_t name_bytes, char *suffix)
{
	static const char zeros[SUFFIX_LETTERS];
	const size_t head_bytes = strlen(SUFFIX_HEAD);
	uint16_t	crc;

	if (!has_letters)
		make_letters();
	memcpy(suffix, SUFFIX_HEAD, head_bytes);
	crc = continue_crc(continue_crc(0, name, name_bytes), SUFFIX_HEAD, head_bytes);
	crc = continue_crc(crc, zeros, SUFFIX_LETTERS) ^ (uint16_t) redis_slot(name, name_bytes);
	write_letters(letters_by_crc[crc % REDIS_SLOT_COUNT], suffix + head_bytes);
}
