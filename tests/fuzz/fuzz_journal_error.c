/*-------------------------------------------------------------------------
 *
 * fuzz_journal_error.c
 *	  Messages of connections that failed: whatever a server says, there is an
 *	  SQLSTATE or none, a text within its bounds, and an advice.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "journal/journal_error.h"

static void
check_room(const char *message, size_t room)
{
	char	   *text = fuzz_alloc(room);
	char		sqlstate[JOURNAL_SQLSTATE_BYTES];

	journal_error_read(message, sqlstate, text, room);
	FUZZ_CHECK(strlen(text) < room);
	FUZZ_CHECK(strlen(sqlstate) == 0 || strlen(sqlstate) == JOURNAL_SQLSTATE_BYTES - 1);
	for (JournalFailure failure = JOURNAL_FAILURE_CONNECTION;
		 failure <= JOURNAL_FAILURE_ANSWER; failure++)
		FUZZ_CHECK(journal_error_kind(failure, sqlstate, text)->advice[0] != '\0');
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *message = fuzz_copy_text(data, size);

	check_room(message, 1);
	check_room(message, 1024);
	free(message);
	return 0;
}
