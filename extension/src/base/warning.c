/*-------------------------------------------------------------------------
 *
 * warning.c
 *	  Warnings, which never fail what they are about.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/client_text.h"
#include "base/warning.h"
#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(uncache_warn);

#define QUOTE_BYTES 500

char *
warning_quote(const char *text)
{
	return client_text_for_message(text, QUOTE_BYTES);
}

static char *
text_or_null(const char *text)
{
	return text == NULL ? NULL : client_text_for_message(text, WARNING_TEXT_BYTES);
}

static int
add_detail(const char *detail, bool is_for_log)
{
	if (detail == NULL)
		return 0;
	return is_for_log ? errdetail_log("%s", detail) : errdetail_internal("%s", detail);
}

static int
add_context(const char *context)
{
	if (context == NULL)
		return 0;
	return errcontext("%s", context);
}

/* The context names functions and statements around the one that is at work. */
void
warning_report(const Warning *warning)
{
	ErrorContextCallback *stack = error_context_stack;
	const char *message = text_or_null(warning->message);
	const char *detail = text_or_null(warning->detail);
	const char *hint = text_or_null(warning->hint);
	const char *context = text_or_null(GetErrorContextStack());

	error_context_stack = NULL;
	ereport(warning->level,
			(errcode(warning->code == 0 ? ERRCODE_WARNING : warning->code),
			 errmsg_internal("%s", message),
			 add_detail(detail, warning->is_detail_for_log),
			 hint == NULL ? 0 : errhint("%s", hint),
			 add_context(context)));
	error_context_stack = stack;
}

/* warn(message text, hint text): a warning of PL/pgSQL's functions */
Datum
uncache_warn(PG_FUNCTION_ARGS)
{
	const Warning warning = {
		.level = WARNING,
		.message = text_to_cstring(PG_GETARG_TEXT_PP(0)),
		.hint = text_to_cstring(PG_GETARG_TEXT_PP(1))
	};

	warning_report(&warning);
	PG_RETURN_VOID();
}
