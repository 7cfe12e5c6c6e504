/*-------------------------------------------------------------------------
 *
 * row_image.c
 *	  Rule + row → the JSON text by which a target finds cacheops' sets.
 *
 * No session's setting shows in what is written here, but in the texts of output
 * functions that a rule asked for by name: these run guarded, under pinned
 * settings, all of a row in one subtransaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "guarded.h"
#include "guc.h"
#include "huge_value.h"
#include "json_text.h"
#include "row_image.h"
#include "row_value.h"
#include "settings.h"
#include "utils/memutils.h"

/* What calling the output functions that may fail, guarded, works on. */
typedef struct GuardedCall
{
	const		RuleRow *row;
	TupleTableSlot *slot;
	char	  **texts;			/* by field; NULL of other fields and of NULL */
} GuardedCall;

static void
call_outputs(void *argument)
{
	GuardedCall *call = argument;
	int			nest_level = settings_pin_all();
	int			i;

	for (i = 0; i < call->row->field_count; i++)
	{
		const RowField *field = &call->row->fields[i];
		bool		is_null;
		Datum		datum;

		if (field->kind != ROW_GUARDED_OUTPUT)
			continue;
		datum = slot_getattr(call->slot, field->column, &is_null);
		if (!is_null)
			call->texts[i] = OutputFunctionCall(unconstify(FmgrInfo *, &field->output), datum);
	}
	settings_restore(nest_level);
}

static bool
is_huge(const GuardedCall *call, const RowField *field, Datum datum)
{
	return TupleDescAttr(call->slot->tts_tupleDescriptor, field->column - 1)->attlen == -1 &&
		huge_value_is(datum);
}

/* Is there a text that is not even asked for? */
static bool
has_huge(const GuardedCall *call)
{
	int			i;

	for (i = 0; i < call->row->field_count; i++)
	{
		const RowField *field = &call->row->fields[i];
		bool		is_null;
		Datum		datum;

		if (field->kind != ROW_GUARDED_OUTPUT)
			continue;
		datum = slot_getattr(call->slot, field->column, &is_null);
		if (!is_null && is_huge(call, field, datum))
			return true;
	}
	return false;
}

static bool
find_guarded_texts(Rule *rule, GuardedCall *call)
{
	ErrorData  *error = NULL;

	if (!call->row->has_guarded)
		return true;
	if (has_huge(call))
		return false;
	call->texts = palloc0(call->row->field_count * sizeof(char *));
	rule->is_evaluating = true;
	PG_TRY();
	{
		error = guarded_call(call_outputs, call);
	}
	PG_CATCH();
	{
		rule->is_evaluating = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	rule->is_evaluating = false;
	if (error != NULL)
		rule_warn_of_error(rule, "the text of a column", error);
	return error == NULL;
}

/* Makes a list of the value that begins at "start", unless it is one, and adds null. */
static void
add_null(StringInfo out, int start)
{
	bool		is_list = out->data[start] == '[';
	bool		is_empty = is_list && out->data[start + 1] == ']';

	if (is_list)
		out->len--;
	else
	{
		appendStringInfoChar(out, ' ');
		memmove(out->data + start + 1, out->data + start, out->len - 1 - start);
		out->data[start] = '[';
	}
	appendStringInfoString(out, is_empty ? "null]" : ",null]");
}

static bool
append_field(StringInfo out, const GuardedCall *call, int index)
{
	const RowField *field = &call->row->fields[index];
	bool		is_null;
	Datum		datum = slot_getattr(call->slot, field->column, &is_null);
	int			start;

	appendBinaryStringInfo(out, field->head, (int) field->head_length);
	start = out->len;
	if (is_null)
		appendStringInfoString(out, "null");
	else if (field->kind == ROW_GUARDED_OUTPUT)
		json_text_append(out, call->texts[index], strlen(call->texts[index]));
	else if (is_huge(call, field, datum) || !row_value_append(out, call->row, field, datum))
		return false;
	if (field->is_key && !is_null)
		add_null(out, start);
	return out->len <= guc_max_key_bytes;
}

static bool
render(Rule *rule, TupleTableSlot *slot, StringInfo out)
{
	GuardedCall call = {rule->row, slot, NULL};
	int			i;

	if (!find_guarded_texts(rule, &call))
		return false;
	initStringInfo(out);
	appendBinaryStringInfo(out, rule->row->head, (int) rule->row->head_length);
	for (i = 0; i < rule->row->field_count; i++)
	{
		if (!append_field(out, &call, i))
			return false;
	}
	appendStringInfoString(out, "}]");
	return out->len <= guc_max_key_bytes;
}

bool
row_image_render(Rule *rule, TupleTableSlot *slot, StringInfo out)
{
	MemoryContext old_context;
	bool		is_rendered;

	/*
	 * an output function that changes the rule's own table comes by here
	 * again
	 */
	if (rule->is_evaluating)
		return false;
	MemoryContextReset(rule->econtext->ecxt_per_tuple_memory);
	old_context = MemoryContextSwitchTo(rule->econtext->ecxt_per_tuple_memory);
	is_rendered = render(rule, slot, out);
	MemoryContextSwitchTo(old_context);
	return is_rendered;
}
