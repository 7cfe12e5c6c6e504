/*-------------------------------------------------------------------------
 *
 * shown_text.c
 *	  Texts that somebody else has written, on a terminal or in JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "status/shown_text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Character
{
	uint32_t	code;
	size_t		byte_count;		/* 0: the byte is of no character */
} Character;

/* What begins with this byte: its length in UTF-8, and the bits of the code. */
static size_t
read_first(unsigned char byte, uint32_t *code)
{
	if (byte < 0x80)
	{
		*code = byte;
		return 1;
	}
	if (byte >= 0xC2 && byte <= 0xDF)
	{
		*code = byte & 0x1F;
		return 2;
	}
	if ((byte & 0xF0) == 0xE0)
	{
		*code = byte & 0x0F;
		return 3;
	}
	*code = byte & 0x07;
	return byte >= 0xF0 && byte <= 0xF4 ? 4 : 0;
}

static Character
read_character(const char *text, size_t text_bytes)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	Character	none = {0, 0};
	Character	found;

	found.byte_count = read_first((unsigned char) text[0], &found.code);
	if (found.byte_count == 0 || found.byte_count > text_bytes)
		return none;
	for (size_t i = 1; i < found.byte_count; i++)
	{
		unsigned char byte = (unsigned char) text[i];

		if ((byte & 0xC0) != 0x80)
			return none;
		found.code = found.code << 6 | (byte & 0x3F);
	}
	if (found.code < least[found.byte_count] || found.code > 0x10FFFF ||
		(found.code >= 0xD800 && found.code <= 0xDFFF))
		return none;
	return found;
}

/* Those that move the cursor, C1 among them. */
static bool
is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

/* Those that break lines, turn their direction, or are not seen. */
static bool
is_mark(uint32_t code)
{
	return (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
		(code >= 0x2066 && code <= 0x2069) || code == 0x061C || code == 0xFEFF;
}

static void
print_escape(FILE *stream, uint32_t code)
{
	static const char letters[] = {['\n'] = 'n',['\t'] = 't',['\r'] = 'r',['\\'] = '\\'};

	if (code < sizeof(letters) && letters[code] != '\0')
		(void) fprintf(stream, "\\%c", letters[code]);
	else if (code <= 0xFF)
		(void) fprintf(stream, "\\x%02X", (unsigned int) code);
	else
		(void) fprintf(stream, "\\u%04X", (unsigned int) code);
}

void
shown_text_print(FILE *stream, const char *text, size_t text_bytes)
{
	for (size_t i = 0; i < text_bytes;)
	{
		Character	next = read_character(text + i, text_bytes - i);

		if (next.byte_count == 0)
			(void) fprintf(stream, "\\x%02X", (unsigned char) text[i]);
		else if (is_control(next.code) || is_mark(next.code) || next.code == '\\')
			print_escape(stream, next.code);
		else
			(void) fwrite(text + i, 1, next.byte_count, stream);
		i += next.byte_count == 0 ? 1 : next.byte_count;
	}
}

void
shown_text_print_json(FILE *stream, const char *text, size_t text_bytes)
{
	(void) fputc('"', stream);
	for (size_t i = 0; i < text_bytes;)
	{
		Character	next = read_character(text + i, text_bytes - i);

		if (next.byte_count == 0)
			(void) fputs("\\uFFFD", stream);
		else if (next.code == '"' || next.code == '\\')
			(void) fprintf(stream, "\\%c", (int) next.code);
		else if (is_control(next.code) || is_mark(next.code))
			(void) fprintf(stream, "\\u%04X", (unsigned int) next.code);
		else
			(void) fwrite(text + i, 1, next.byte_count, stream);
		i += next.byte_count == 0 ? 1 : next.byte_count;
	}
	(void) fputc('"', stream);
}
