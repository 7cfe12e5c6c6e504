/*-------------------------------------------------------------------------
 *
 * render.c
 *	  Rule + row → key bytes.
 *
 * All expressions of a row are evaluated first, in one subtransaction; if one
 * is broken, each is evaluated again in a subtransaction of its own, so that only
 * its placeholder becomes a wildcard.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/glob.h"
#include "base/guarded.h"
#include "base/guc.h"
#include "base/huge_value.h"
#include "base/settings.h"
#include "base/warning.h"
#include "executor/executor.h"
#include "guard/guard_state.h"
#include "guard/query_guard.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "write/render.h"

/* The text of an expression's result; of zero bytes if it is NULL. */
typedef struct ExpressionText
{
	bool		is_known;		/* false: the expression failed */
	bool		is_huge;		/* longer than any key; has no bytes then */
	const char *bytes;
	Size		length;
} ExpressionText;

/* What one evaluation works on. */
typedef struct Evaluation
{
	Rule	   *rule;
	ExpressionText *values;		/* by expression */
	int			first;			/* evaluate first to last - 1 */
	int			last;
} Evaluation;

static void
set_value(ExpressionText *value, RuleExpression *expression, Datum datum, bool is_null)
{
	value->is_huge = !is_null && expression->is_varlena && huge_value_is(datum);
	if (is_null || value->is_huge)
		value->bytes = "";
	else if (expression->is_bool)
		value->bytes = DatumGetBool(datum) ? "true" : "false";
	else
		value->bytes = OutputFunctionCall(&expression->output, datum);
	value->length = strlen(value->bytes);
	value->is_known = true;
}

/* What they call is looked up, and guarded, when they are made. */
static void
prepare_states(Rule *rule)
{
	bool		is_guarded = query_guard_has_temporary();

	if (rule->is_guarded != is_guarded)
		rule_forget_states(rule);
	rule->is_guarded = is_guarded;
}

/* Raises whatever an expression raises. */
static void
evaluate(void *argument)
{
	Evaluation *evaluation = argument;
	Rule	   *rule = evaluation->rule;
	QueryGuardKeys before = query_guard_enter_keys(rule->relation_id);
	uint64		refusals = guard_state_refusals();
	int			lock_level = rule->reads_rows ? settings_pin_brief_locks() : SETTINGS_NOTHING_PINNED;
	int			nest_level;
	int			i;

	prepare_states(rule);
	if (rule->reads_any_setting)
		nest_level = settings_pin_all();
	else
		nest_level = settings_pin_values();
	for (i = evaluation->first; i < evaluation->last; i++)
	{
		RuleExpression *expression = &rule->expressions[i];
		ExprState  *state = rule_expression_state(rule, expression);
		bool		is_null;
		Datum		datum = ExecEvalExpr(state, rule->econtext, &is_null);

		set_value(&evaluation->values[i], expression, datum, is_null);
	}
	guard_state_check_refusals(refusals);
	settings_restore(nest_level);
	settings_restore(lock_level);
	query_guard_leave_keys(before);
}

/* NULL if the expressions first to last - 1 have values now. */
static ErrorData *
try_evaluate(Evaluation *evaluation, int first, int last)
{
	ErrorData  *error;

	evaluation->first = first;
	evaluation->last = last;
	error = guarded_call(evaluate, evaluation);

	/* What a failed function keeps in its state is not to be trusted. */
	if (error != NULL)
		rule_forget_states(evaluation->rule);
	return error;
}

static void
give_up(Evaluation *evaluation, int expression, const ErrorData *error)
{
	Rule	   *rule = evaluation->rule;

	evaluation->values[expression].is_known = false;
	rule_warn_of_error(rule, psprintf("placeholder {%s}", warning_quote(rule->expressions[expression].source)), error);
}

/*
 * All at once, and if that fails each by itself; but what was waited for in vain
 * is not waited for once more.
 */
static void
evaluate_all(Evaluation *evaluation)
{
	int			count = evaluation->rule->expression_count;
	ErrorData  *error = try_evaluate(evaluation, 0, count);
	bool		is_final;
	int			i;

	if (error == NULL)
		return;
	is_final = count == 1 || guarded_classify(error) != GUARDED_BROKEN;
	for (i = 0; i < count; i++)
	{
		if (!is_final)
			error = try_evaluate(evaluation, i, i + 1);
		if (error != NULL)
			give_up(evaluation, i, error);
	}
}

/* The values of all expressions for the row; in memory of the row. */
static ExpressionText *
evaluate_expressions(Rule *rule, TupleTableSlot *slot)
{
	Evaluation	evaluation = {.rule = rule};

	if (rule->expression_count == 0)
		return NULL;
	evaluation.values = palloc0(rule->expression_count * sizeof(ExpressionText));
	rule->econtext->ecxt_scantuple = slot;
	rule->is_evaluating = true;
	PG_TRY();
	{
		evaluate_all(&evaluation);
	}
	PG_CATCH();
	{
		rule->is_evaluating = false;
		rule_forget_states(rule);
		PG_RE_THROW();
	}
	PG_END_TRY();
	rule->is_evaluating = false;
	return evaluation.values;
}

/* appendBinaryStringInfo() without a call where there is room, and without a zero behind. */
static inline void
append_literally(StringInfo out, const char *bytes, int length)
{
	if (length >= out->maxlen - out->len)
		enlargeStringInfo(out, length);
	memcpy(out->data + out->len, bytes, length);
	out->len += length;
}

static void
append_bytes(StringInfo out, const char *bytes, Size length, bool as_pattern)
{
	Size		i;

	/* more than shows that the key is too long would only take memory */
	if (out->len > guc_max_key_bytes)
		return;
	length = Min(length, (Size) guc_max_key_bytes + 1);
	if (!as_pattern)
	{
		append_literally(out, bytes, (int) length);
		return;
	}
	for (i = 0; i < length; i++)
	{
		if (glob_is_special(bytes[i]))
			appendStringInfoCharMacro(out, '\\');
		appendStringInfoCharMacro(out, bytes[i]);
	}
}

/* More than a key can hold, in place of a value that alone is. */
static void
append_too_much(StringInfo out)
{
	if (out->len > guc_max_key_bytes)
		return;
	enlargeStringInfo(out, guc_max_key_bytes + 1);
	out->len += guc_max_key_bytes + 1;
}

static bool
is_varlena(const RulePart *part, TupleTableSlot *slot)
{
	return TupleDescAttr(slot->tts_tupleDescriptor, part->column - 1)->attlen == -1;
}

static void
append_output(StringInfo out, const RulePart *part, TupleTableSlot *slot, Datum datum, bool as_pattern)
{
	const char *string;

	if (is_varlena(part, slot) && huge_value_is(datum))
	{
		append_too_much(out);
		return;
	}
	string = OutputFunctionCall(unconstify(FmgrInfo *, &part->output), datum);
	append_bytes(out, string, strlen(string), as_pattern);
}

static void
append_text(StringInfo out, Datum datum, bool as_pattern)
{
	text	   *value;

	if (huge_value_is_text(datum))
	{
		append_too_much(out);
		return;
	}
	value = DatumGetTextPP(datum);
	append_bytes(out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), as_pattern);
}

static void
append_column(StringInfo out, const RulePart *part, TupleTableSlot *slot, bool as_pattern)
{
	bool		is_null;
	Datum		datum = slot_getattr(slot, part->column, &is_null);
	char		number[32];
	const char *string = number;

	/* more than shows that the key is too long would only take memory */
	if (is_null || out->len > guc_max_key_bytes)
		return;
	switch (part->kind)
	{
		case RULE_BOOL:
			string = DatumGetBool(datum) ? "true" : "false";
			break;
		case RULE_INT2:
			(void) pg_itoa(DatumGetInt16(datum), number);
			break;
		case RULE_INT4:
			(void) pg_ltoa(DatumGetInt32(datum), number);
			break;
		case RULE_INT8:
			(void) pg_lltoa(DatumGetInt64(datum), number);
			break;
		case RULE_TEXT:
			append_text(out, datum, as_pattern);
			return;
		default:
			append_output(out, part, slot, datum, as_pattern);
			return;
	}
	append_bytes(out, string, strlen(string), as_pattern);
}

/* A run of wildcards is one. */
static void
append_wildcard(StringInfo out, const RulePart *part, const RuleKey *key)
{
	if (part == key->parts || part[-1].kind != RULE_WILDCARD)
		appendStringInfoCharMacro(out, '*');
}

/* Is there a placeholder of which nothing is known? */
static bool
has_unknown(const RuleKey *key, const ExpressionText *values)
{
	int			i;

	if (key->has_wildcard)
		return true;
	for (i = 0; values != NULL && i < key->part_count; i++)
	{
		if (key->parts[i].kind == RULE_EXPRESSION &&
			!values[key->parts[i].expression].is_known)
			return true;
	}
	return false;
}

static void
append_part(StringInfo out, const RuleKey *key, const RulePart *part,
			TupleTableSlot *slot, const ExpressionText *values, bool as_pattern)
{
	const ExpressionText *value;

	switch (part->kind)
	{
		case RULE_LITERAL:
			append_bytes(out, part->text, part->length, as_pattern && !key->is_glob);
			break;
		case RULE_WILDCARD:
			append_wildcard(out, part, key);
			break;
		case RULE_EXPRESSION:
			value = &values[part->expression];
			if (!value->is_known)
				appendStringInfoCharMacro(out, '*');
			else if (value->is_huge)
				append_too_much(out);
			else
				append_bytes(out, value->bytes, value->length, as_pattern);
			break;
		default:
			append_column(out, part, slot, as_pattern);
			break;
	}
}

/* "out" is scratch space that outlives the row: one palloc less for each key. */
static void
render_key(const RuleKey *key, TupleTableSlot *slot, const ExpressionText *values,
		   StringInfo out, RenderSink sink, void *argument)
{
	bool		has_wildcard = has_unknown(key, values);
	int			i;

	resetStringInfo(out);
	for (i = 0; i < key->part_count; i++)
		append_part(out, key, &key->parts[i], slot, values,
					has_wildcard || key->is_glob);
	if (out->len > guc_max_key_bytes)
		render_reach(key, sink, argument);
	else
		sink(key, has_wildcard ? invalidation_action_by_glob(key->action) : key->action,
			 out->data, out->len, argument);
}

void
render_reach(const RuleKey *key, RenderSink sink, void *argument)
{
	sink(key, key->is_reach_pattern ? invalidation_action_by_glob(key->action) : key->action,
		 key->reach, key->reach_length, argument);
}

/* Is the column's value the same in both rows, byte for byte? */
static bool
is_same_column(AttrNumber column, TupleTableSlot *slot, TupleTableSlot *other)
{
	Form_pg_attribute attribute = TupleDescAttr(slot->tts_tupleDescriptor, column - 1);
	bool		is_null;
	bool		is_other_null;
	Datum		datum = slot_getattr(slot, column, &is_null);
	Datum		other_datum = slot_getattr(other, column, &is_other_null);

	if (is_null || is_other_null)
		return is_null && is_other_null;
	if (attribute->attlen == -1 && (huge_value_is(datum) || huge_value_is(other_datum)))
		return huge_value_is_same(datum, other_datum);
	return datum_image_eq(datum, other_datum, attribute->attbyval, attribute->attlen);
}

/* What an expression makes of two rows is known only when it is evaluated. */
static bool
is_same_key(const RuleKey *key, TupleTableSlot *slot, TupleTableSlot *other)
{
	int			i;

	for (i = 0; i < key->part_count; i++)
	{
		const RulePart *part = &key->parts[i];

		if (part->kind == RULE_EXPRESSION ||
			(part->kind != RULE_LITERAL && part->kind != RULE_WILDCARD &&
			 !is_same_column(part->column, slot, other)))
			return false;
	}
	return true;
}

bool
render_find_changed(const Rule *rule, TupleTableSlot *slot, TupleTableSlot *other, bool *wanted)
{
	bool		any = false;
	int			i;

	for (i = 0; i < rule->key_count; i++)
	{
		wanted[i] = wanted[i] && !is_same_key(&rule->keys[i], slot, other);
		any |= wanted[i];
	}
	return any;
}

void
render_row(Rule *rule, TupleTableSlot *slot, const bool *wanted,
		   RenderSink sink, void *argument)
{
	MemoryContext row_context = rule->econtext->ecxt_per_tuple_memory;
	MemoryContext old_context;
	ExpressionText *values;
	int			nest_level = 0;
	int			i;

	if (rule->is_evaluating)
	{
		rule_warn(rule, "an expression changes the table that it belongs to", NULL);
		for (i = 0; i < rule->key_count; i++)
		{
			if (wanted[i])
				render_reach(&rule->keys[i], sink, argument);
		}
		return;
	}

	MemoryContextReset(row_context);
	old_context = MemoryContextSwitchTo(row_context);
	values = evaluate_expressions(rule, slot);
	if (rule->reads_settings)
		nest_level = settings_pin_output();
	for (i = 0; i < rule->key_count; i++)
	{
		if (wanted[i])
			render_key(&rule->keys[i], slot, values, &rule->key_buffer, sink, argument);
	}
	if (rule->reads_settings)
		settings_restore(nest_level);
	MemoryContextSwitchTo(old_context);
}
