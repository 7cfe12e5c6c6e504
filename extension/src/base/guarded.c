/*-------------------------------------------------------------------------
 *
 * guarded.c
 *	  Calls something that may fail without letting the failure out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/guarded.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#define ELLIPSIS "..."

/*
 * Anybody's function may raise any code, but not in PostgreSQL's name.  The second
 * function is from 17 on the first one's, for conflicts with recovery.
 */
static bool
is_interrupt(const ErrorData *error)
{
	return error->funcname != NULL &&
		(strcmp(error->funcname, "ProcessInterrupts") == 0 ||
		 strcmp(error->funcname, "ProcessRecoveryConflictInterrupt") == 0);
}

/* A lock timeout is an interrupt like a cancel, but ends no more than the wait. */
static bool
must_be_let_out(const ErrorData *error)
{
	if (is_interrupt(error))
		return error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
	return error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE &&
		error->filename != NULL && strcmp(error->filename, "predicate.c") == 0;
}

GuardedFailure
guarded_classify(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return GUARDED_LOCK_TIMEOUT;
		case ERRCODE_T_R_DEADLOCK_DETECTED:
			return GUARDED_DEADLOCK;
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
			return GUARDED_CONCURRENT_UPDATE;
		case ERRCODE_OUT_OF_MEMORY:
			return GUARDED_OUT_OF_MEMORY;
		default:
			return GUARDED_BROKEN;
	}
}

/* Messages repeat what is in a row, which may be as long as any value. */
static void
cut(char *text)
{
	size_t		length = text == NULL ? 0 : strlen(text);

	if (length > GUARDED_TEXT_BYTES)
		memcpy(text + pg_mbcliplen(text, (int) length, GUARDED_TEXT_BYTES - (int) strlen(ELLIPSIS)),
			   ELLIPSIS, sizeof(ELLIPSIS));
}

/* For one that is too large to be copied there was not enough memory. */
static ErrorData *
copy_error(void)
{
	MemoryContext old_context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		error = CopyErrorData();
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		MemoryContextSwitchTo(old_context);
		error = palloc0(sizeof(ErrorData));
		error->elevel = ERROR;
		error->sqlerrcode = ERRCODE_OUT_OF_MEMORY;
		error->message = pstrdup("out of memory");
		error->assoc_context = old_context;
	}
	PG_END_TRY();
	FlushErrorState();
	cut(error->message);
	cut(error->detail);
	cut(error->hint);
	return error;
}

static ErrorData *
call(GuardedFunction function, void *argument, bool only_looks)
{
	MemoryContext old_context = CurrentMemoryContext;
	ResourceOwner old_owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old_context);
	PG_TRY();
	{
		function(argument);
		if (only_looks)
			RollbackAndReleaseCurrentSubTransaction();
		else
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old_context);
		error = copy_error();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old_context);
	CurrentResourceOwner = old_owner;
	if (error != NULL && must_be_let_out(error))
		ReThrowError(error);
	return error;
}

ErrorData *
guarded_call(GuardedFunction function, void *argument)
{
	return call(function, argument, false);
}

ErrorData *
guarded_look(GuardedFunction function, void *argument)
{
	return call(function, argument, true);
}
