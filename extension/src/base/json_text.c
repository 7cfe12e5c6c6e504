/*-------------------------------------------------------------------------
 *
 * json_text.c
 *	  A text → a string of JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/json_text.h"

static inline bool
needs_escape(char c)
{
	return c == '"' || c == '\\' || (unsigned char) c < ' ';
}

void
json_text_append(StringInfo out, const char *bytes, Size length)
{
	Size		copied = 0;
	Size		i;

	appendStringInfoCharMacro(out, '"');
	for (i = 0; i < length; i++)
	{
		if (!needs_escape(bytes[i]))
			continue;
		appendBinaryStringInfo(out, bytes + copied, (int) (i - copied));
		appendStringInfo(out, "\\u%04x", (unsigned char) bytes[i]);
		copied = i + 1;
	}
	appendBinaryStringInfo(out, bytes + copied, (int) (length - copied));
	appendStringInfoCharMacro(out, '"');
}
