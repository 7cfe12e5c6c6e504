/*-------------------------------------------------------------------------
 *
 * client_text.c
 *	  Texts on their way to a client whose encoding is not the database's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/client_text.h"
#include "mb/pg_wchar.h"

#define ELLIPSIS "..."

bool
client_text_may_fail(void)
{
	int			encoding = pg_get_client_encoding();

	return encoding != GetDatabaseEncoding() && encoding != PG_SQL_ASCII;
}

/* No encoding lacks these, or has other bytes for them on its way to the client. */
static bool
is_ascii(const char *text, int length)
{
	int			i;

	for (i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(text[i]))
			return false;
	}
	return true;
}

/*
 * What the protocol's output would do.  Only PostgreSQL's conversion is called, which
 * leaves nothing behind when it raises: that needs no subtransaction.  Nobody is to
 * see the error, so nobody is asked for its context.
 */
static bool
converts(const char *text, int length)
{
	MemoryContext old_context = CurrentMemoryContext;
	volatile bool result = true;

	PG_TRY();
	{
		char	   *converted;

		error_context_stack = NULL;
		converted = pg_server_to_client(text, length);
		if (converted != text)
			pfree(converted);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		if (code != ERRCODE_UNTRANSLATABLE_CHARACTER && code != ERRCODE_CHARACTER_NOT_IN_REPERTOIRE)
			PG_RE_THROW();
		MemoryContextSwitchTo(old_context);
		FlushErrorState();
		result = false;
	}
	PG_END_TRY();
	return result;
}

bool
client_text_is_sendable(const char *text, int length)
{
	return !client_text_may_fail() || is_ascii(text, length) || converts(text, length);
}

int
client_text_character(const char *text, int length)
{
	return IS_HIGHBIT_SET(*text) ? Min(pg_mblen(text), length) : 1;
}

static void
replace_unsendable(char *text)
{
	int			length = (int) strlen(text);
	int			from = 0;
	int			to = 0;

	while (from < length)
	{
		int			bytes = client_text_character(text + from, length - from);

		if (client_text_is_sendable(text + from, bytes))
		{
			memmove(text + to, text + from, bytes);
			to += bytes;
		}
		else
			text[to++] = '?';
		from += bytes;
	}
	text[to] = '\0';
}

char *
client_text_for_message(const char *text, int limit)
{
	size_t		length = strlen(text);
	char	   *copy;

	if (length <= (size_t) limit)
		copy = pstrdup(text);
	else
		copy = psprintf("%.*s" ELLIPSIS,
						pg_mbcliplen(text, limit, limit - (int) strlen(ELLIPSIS)), text);
	if (!client_text_is_sendable(copy, (int) strlen(copy)))
		replace_unsendable(copy);
	return copy;
}
