/*-------------------------------------------------------------------------
 *
 * deliverable.c
 *	  What a consumer is told in place of a key that its encoding lacks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/bounded_key.h"
#include "base/client_text.h"
#include "base/compat.h"
#include "base/glob.h"
#include "consume/deliverable.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(uncache_deliverable);

/* Columns of deliverable()'s result. */
enum
{
	DELIVERABLE_ACTION,
	DELIVERABLE_KEY,
	DELIVERABLE_COLUMN_COUNT
};

/* How an image begins, in front of the table's name: cacheops_image.c. */
#define IMAGE_HEAD "[\""

/* A part of a text: from begin on, until end. */
typedef struct Span
{
	int			begin;
	int			end;
} Span;

bool
deliverable_is_other(Datum key)
{
	text	   *bytes = DatumGetTextPP(key);

	return !client_text_is_sendable(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/* From the first character that cannot be sent to the last one. */
static Span
find_unsendable(const char *key, int length)
{
	Span		span = {length, length};
	int			bytes;
	int			at;

	for (at = 0; at < length; at += bytes)
	{
		bytes = client_text_character(key + at, length - at);
		if (client_text_is_sendable(key + at, bytes))
			continue;
		span.begin = Min(span.begin, at);
		span.end = at + bytes;
	}
	return span;
}

static void
append_literal(StringInfo pattern, const char *text, int length)
{
	int			i;

	for (i = 0; i < length; i++)
	{
		if (glob_is_special(text[i]))
			appendStringInfoCharMacro(pattern, '\\');
		appendStringInfoCharMacro(pattern, text[i]);
	}
}

/* One wildcard in all: a pattern of many takes Redis long to match. */
static void
widen_key(StringInfo pattern, const char *key, int length)
{
	Span		span = find_unsendable(key, length);

	append_literal(pattern, key, span.begin);
	appendStringInfoCharMacro(pattern, '*');
	append_literal(pattern, key + span.end, length - span.end);
}

/* Up to the first character that cannot be sent, or to brackets, which may hold one. */
static void
widen_glob(StringInfo pattern, const char *glob, int length)
{
	int			bytes;
	int			at;

	for (at = 0; at < length && glob[at] != '['; at += bytes)
	{
		bytes = glob[at] == '\\' && at + 1 < length ? 1 : 0;
		bytes += client_text_character(glob + at + bytes, length - at - bytes);
		if (!client_text_is_sendable(glob + at, bytes))
			break;
	}
	appendBinaryStringInfo(pattern, glob, at);
	appendStringInfoChar(pattern, '*');
}

/* The name of an image's table; false: it has characters that JSON escapes. */
static bool
append_table(StringInfo table, const char *image, int length)
{
	const char *name = image + strlen(IMAGE_HEAD);
	int			name_length = 0;
	int			room = length - (int) strlen(IMAGE_HEAD);

	if (room <= 0 || strncmp(image, IMAGE_HEAD, strlen(IMAGE_HEAD)) != 0)
		return false;
	while (name_length < room && name[name_length] != '"' && name[name_length] != '\\')
		name_length++;
	appendBinaryStringInfo(table, name, name_length);
	return name_length < room && name[name_length] == '"';
}

/* False: there is nothing narrower than everything. */
static bool
widen(InvalidationAction *action, const char *key, int length, StringInfo out)
{
	InvalidationAction by_glob = invalidation_action_by_glob(*action);

	switch (*action)
	{
		case INVALIDATION_CACHEOPS:
			*action = INVALIDATION_CACHEOPS_TABLES;
			return append_table(out, key, length);
		case INVALIDATION_CACHEOPS_TABLES:
			return false;
		default:
			if (by_glob == *action)
				widen_glob(out, key, length);
			else
				widen_key(out, key, length);
			*action = by_glob;
			return true;
	}
}

Datum
deliverable_in_place(InvalidationAction *action, Datum key)
{
	text	   *bytes = DatumGetTextPP(key);
	StringInfoData out;

	initStringInfo(&out);
	if (!widen(action, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &out) ||
		!client_text_is_sendable(out.data, out.len))
	{
		if (*action == INVALIDATION_CACHEOPS_TABLES)
			*action = INVALIDATION_PATTERNS;
		resetStringInfo(&out);
		appendStringInfoChar(&out, '*');
	}
	return PointerGetDatum(cstring_to_text_with_len(out.data, out.len));
}

/* Puts what does for a key into its place. */
static void
replace(Datum *values)
{
	text	   *name = DatumGetTextPP(values[DELIVERABLE_ACTION]);
	text	   *bytes = DatumGetTextPP(values[DELIVERABLE_KEY]);
	const char *key = VARDATA_ANY(bytes);
	Size		length = VARSIZE_ANY_EXHDR(bytes);
	InvalidationAction action;

	if (!invalidation_action_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &action))
		return;
	if (bounded_key_replace(&action, &key, &length))
		values[DELIVERABLE_KEY] = PointerGetDatum(cstring_to_text_with_len(key, (int) length));
	if (deliverable_is_other(values[DELIVERABLE_KEY]))
		values[DELIVERABLE_KEY] = deliverable_in_place(&action, values[DELIVERABLE_KEY]);
	values[DELIVERABLE_ACTION] = CStringGetTextDatum(invalidation_action_name(action));
}

/*
 * deliverable(action text, key text) → (action text, key text): the same if it is not too long
 * and the client can be sent it, or what does for it
 */
Datum
uncache_deliverable(PG_FUNCTION_ARGS)
{
	Datum		values[DELIVERABLE_COLUMN_COUNT] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	bool		nulls[DELIVERABLE_COLUMN_COUNT] = {false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	replace(values);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
