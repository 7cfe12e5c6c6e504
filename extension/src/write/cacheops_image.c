/*-------------------------------------------------------------------------
 *
 * cacheops_image.c
 *	  Rule + row → the JSON text by which a target finds cacheops' sets.
 *
 * No session's setting shows in what is written here, but in virtual columns and in
 * the texts of output functions that a rule asked for by name: these are computed
 * guarded, under pinned settings, all of a row in one subtransaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guarded.h"
#include "base/guc.h"
#include "base/huge_value.h"
#include "base/json_text.h"
#include "base/settings.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "write/cacheops_image.h"
#include "write/cacheops_value.h"

/* What computing what may fail, guarded, works on. */
typedef struct GuardedCall
{
	Rule	   *rule;
	const		CacheopsRule *cacheops;
	TupleTableSlot *slot;
	NullableDatum *values;		/* by field: of those that are computed */
	char	  **texts;			/* by field; NULL of other fields and of NULL */
	bool		has_huge;		/* the result: one of the texts was not asked
								 * for */
} GuardedCall;

static Datum
get_value(const GuardedCall *call, int index, bool *is_null)
{
	const CacheopsField *field = &call->cacheops->fields[index];

	if (!field->is_computed)
		return slot_getattr(call->slot, field->column, is_null);
	*is_null = call->values[index].isnull;
	return call->values[index].value;
}

static bool
is_huge(const GuardedCall *call, const CacheopsField *field, Datum datum)
{
	return TupleDescAttr(call->slot->tts_tupleDescriptor, field->column - 1)->attlen == -1 &&
		huge_value_is(datum);
}

static void
compute_value(GuardedCall *call, int index)
{
	Rule	   *rule = call->rule;
	ExprState  *state = rule_expression_state(rule, &rule->expressions[call->cacheops->fields[index].expression]);
	NullableDatum *value = &call->values[index];

	value->value = ExecEvalExpr(state, rule->econtext, &value->isnull);
}

static void
call_output(GuardedCall *call, int index)
{
	const CacheopsField *field = &call->cacheops->fields[index];
	bool		is_null;
	Datum		datum = get_value(call, index, &is_null);

	if (is_null)
		return;
	if (is_huge(call, field, datum))
		call->has_huge = true;
	else
		call->texts[index] = OutputFunctionCall(unconstify(FmgrInfo *, &field->output), datum);
}

static void
compute(void *argument)
{
	GuardedCall *call = argument;
	int			lock_level = settings_pin_brief_locks();
	int			nest_level = settings_pin_all();
	int			i;

	for (i = 0; i < call->cacheops->field_count && !call->has_huge; i++)
	{
		const CacheopsField *field = &call->cacheops->fields[i];

		if (field->is_computed)
			compute_value(call, i);
		if (field->kind == CACHEOPS_GUARDED_OUTPUT)
			call_output(call, i);
	}
	settings_restore(nest_level);
	settings_restore(lock_level);
}

static ErrorData *
try_compute(GuardedCall *call)
{
	Rule	   *rule = call->rule;
	ErrorData  *error = NULL;

	rule->econtext->ecxt_scantuple = call->slot;
	rule->is_evaluating = true;
	PG_TRY();
	{
		error = guarded_call(compute, call);
	}
	PG_CATCH();
	{
		rule->is_evaluating = false;
		rule_forget_states(rule);
		PG_RE_THROW();
	}
	PG_END_TRY();
	rule->is_evaluating = false;
	return error;
}

static bool
find_guarded(GuardedCall *call)
{
	ErrorData  *error;

	if (!call->cacheops->has_guarded)
		return true;
	if (call->cacheops->lacks_value)
		return false;
	call->values = palloc0(call->cacheops->field_count * sizeof(NullableDatum));
	call->texts = palloc0(call->cacheops->field_count * sizeof(char *));
	error = try_compute(call);
	if (error != NULL)
	{
		rule_forget_states(call->rule);
		rule_warn_of_error(call->rule, "the text of a column", error);
	}
	return error == NULL && !call->has_huge;
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
	const CacheopsField *field = &call->cacheops->fields[index];
	bool		is_null;
	Datum		datum = get_value(call, index, &is_null);
	int			start;

	appendBinaryStringInfo(out, field->head, (int) field->head_length);
	start = out->len;
	if (is_null)
		appendStringInfoString(out, "null");
	else if (field->kind == CACHEOPS_GUARDED_OUTPUT)
		json_text_append(out, call->texts[index], strlen(call->texts[index]));
	else if (is_huge(call, field, datum) || !cacheops_value_append(out, call->cacheops, field, datum))
		return false;
	if (field->is_key && !is_null)
		add_null(out, start);
	return out->len <= guc_max_key_bytes;
}

static bool
render(Rule *rule, TupleTableSlot *slot, StringInfo out)
{
	GuardedCall call = {.rule = rule,.cacheops = rule->cacheops,.slot = slot};
	int			i;

	if (!find_guarded(&call))
		return false;
	initStringInfo(out);
	appendBinaryStringInfo(out, rule->cacheops->head, (int) rule->cacheops->head_length);
	for (i = 0; i < rule->cacheops->field_count; i++)
	{
		if (!append_field(out, &call, i))
			return false;
	}
	appendStringInfoString(out, "}]");
	return out->len <= guc_max_key_bytes;
}

bool
cacheops_image_render(Rule *rule, TupleTableSlot *slot, StringInfo out)
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
