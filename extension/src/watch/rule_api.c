/*-------------------------------------------------------------------------
 *
 * rule_api.c
 *	  SQL functions that tell about rules and their arguments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/array.h"
#include "base/guarded.h"
#include "base/result_set.h"
#include "base/settings.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "compile/rule_compile.h"
#include "funcapi.h"
#include "guard/admission.h"
#include "guard/admission_use.h"
#include "guard/user_code.h"
#include "miscadmin.h"
#include "rule/rule_author.h"
#include "rule/template.h"
#include "rule/trigger_arguments.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(uncache_check_rule);
PG_FUNCTION_INFO_V1(uncache_check_template);
PG_FUNCTION_INFO_V1(uncache_examine_rule);
PG_FUNCTION_INFO_V1(uncache_rule_for_any_row);
PG_FUNCTION_INFO_V1(uncache_is_target);
PG_FUNCTION_INFO_V1(uncache_rule_author);
PG_FUNCTION_INFO_V1(uncache_find_other_use);
PG_FUNCTION_INFO_V1(uncache_objects_used);

/* How long a statement that looks at rules waits for locks, in all. */
#define LOOK_WAIT_MS 2000

/* Columns of rule_for_any_row()'s result. */
enum
{
	RESULT_TARGET,
	RESULT_ACTION,
	RESULT_KEY,
	RESULT_COLUMN_COUNT
};

/* Columns of examine_rule()'s result. */
enum
{
	EXAMINE_PROBLEM,
	EXAMINE_IS_LOCKED,
	EXAMINE_COLUMNS,
	EXAMINE_COLUMN_COUNT
};

/* Columns of objects_used()'s result. */
enum
{
	OBJECT_CLASS_ID,
	OBJECT_ID,
	OBJECT_COLUMN_NUMBER,
	OBJECT_COLUMN_COUNT
};

/* Columns of rule_author()'s result. */
enum
{
	AUTHOR_NAME,
	AUTHOR_KNOWN_AS,
	AUTHOR_PROBLEM,
	AUTHOR_COLUMN_COUNT
};

static RuleAction
get_action(Datum name)
{
	char	   *string = TextDatumGetCString(name);
	RuleAction	action;

	if (!rule_action_parse(string, &action))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown action \"%s\"", string)));
	return action;
}

/* The names of columns, as text[]. */
static ArrayType *
column_names(Relation relation, const Bitmapset * columns)
{
	Datum	   *names = palloc(Max(bms_num_members(columns), 1) * sizeof(Datum));
	int			count = 0;
	int			column = -1;

	while ((column = bms_next_member(columns, column)) >= 0)
		names[count++] =
			CStringGetTextDatum(NameStr(TupleDescAttr(RelationGetDescr(relation), column - 1)->attname));
	return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Who makes a rule with watch() does not say whose rights its queries have. */
static void
check_has_no_author(RuleAction action, const StringArray *arguments)
{
	if (rule_action_author_count(action, arguments->strings, arguments->count) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a query", arguments->strings[0]),
				 errhint("A query runs with the privileges of the table's owner.")));
}

/*
 * check_rule(relation regclass, action text, arguments text[]) → text[]: raises
 * what is wrong; the columns that the arguments read
 */
Datum
uncache_check_rule(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	StringArray arguments = array_get_strings(PG_GETARG_ARRAYTYPE_P(2), "argument");
	RuleAction	action = get_action(PG_GETARG_DATUM(1));
	RuleAnalysis analysis;
	ArrayType  *names;

	check_has_no_author(action, &arguments);
	analysis = rule_analyze(relation, action, arguments.strings, arguments.count, RULE_SCRUTINY_ALL);
	names = column_names(relation, analysis.columns);
	table_close(relation, AccessShareLock);
	PG_RETURN_ARRAYTYPE_P(names);
}

/*
 * objects_used(relation oid, action text, arguments text[], with_queries boolean) → setof
 * (class_id oid, object_id oid, column_number integer): what a rule depends on, its own
 * table excepted; raises what is wrong with it
 */
Datum
uncache_objects_used(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	StringArray arguments = array_get_strings(PG_GETARG_ARRAYTYPE_P(2), "argument");
	RuleAnalysis analysis = rule_analyze(relation, get_action(PG_GETARG_DATUM(1)), arguments.strings,
										 arguments.count,
										 PG_GETARG_BOOL(3) ? RULE_SCRUTINY_ALL : RULE_SCRUTINY_OWN_TABLE);
	ResultSet	result = result_set_begin(fcinfo);
	ListCell   *cell;

	table_close(relation, AccessShareLock);
	foreach(cell, analysis.objects)
	{
		const ObjectAddress *object = lfirst(cell);
		Datum		values[OBJECT_COLUMN_COUNT];
		bool		nulls[OBJECT_COLUMN_COUNT] = {false};

		values[OBJECT_CLASS_ID] = ObjectIdGetDatum(object->classId);
		values[OBJECT_ID] = ObjectIdGetDatum(object->objectId);
		values[OBJECT_COLUMN_NUMBER] = Int32GetDatum(object->objectSubId);
		result_set_add(&result, values, nulls);
	}
	PG_RETURN_NULL();
}

static void
add_result(const char *target, InvalidationAction action, const char *key, Size key_length,
		   void *argument)
{
	Datum		values[RESULT_COLUMN_COUNT];
	bool		nulls[RESULT_COLUMN_COUNT] = {false};

	nulls[RESULT_TARGET] = target[0] == '\0';
	values[RESULT_TARGET] = CStringGetTextDatum(target);
	values[RESULT_ACTION] = CStringGetTextDatum(invalidation_action_name(action));
	values[RESULT_KEY] = PointerGetDatum(cstring_to_text_with_len(key, (int) key_length));
	result_set_add(argument, values, nulls);
}

/*
 * rule_for_any_row(action text, arguments text[]) → setof (target text, action
 * text, key text); target is null with action resync: nobody knows
 */
Datum
uncache_rule_for_any_row(PG_FUNCTION_ARGS)
{
	RuleAction	action = get_action(PG_GETARG_DATUM(0));
	StringArray arguments = array_get_strings(PG_GETARG_ARRAYTYPE_P(1), "argument");
	ResultSet	result = result_set_begin(fcinfo);

	rule_action_reach(action, arguments.strings, arguments.count, add_result, &result);
	PG_RETURN_NULL();
}

/* is_target(name text) → boolean */
Datum
uncache_is_target(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(template_is_target(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)));
}

/* check_template(relation regclass, template text): raises what is wrong */
Datum
uncache_check_template(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	char	   *template = text_to_cstring(PG_GETARG_TEXT_PP(1));

	(void) rule_analyze(relation, RULE_ACTION_KEYS, &template, 1, RULE_SCRUTINY_ALL);
	table_close(relation, AccessShareLock);
	PG_RETURN_VOID();
}

/*
 * guarded_look() for which a statement waits no longer than LOOK_WAIT_MS for all locks
 * together, and from then on a millisecond for each: there may be thousands of rules that look at a table
 * which somebody has locked.
 */
static ErrorData *
look(GuardedFunction function, void *argument)
{
	static TimestampTz statement = 0;
	static long waited_ms = 0;
	TimestampTz start = GetCurrentTimestamp();
	int			nest_level;
	ErrorData  *error;

	if (statement != GetCurrentStatementStartTimestamp())
		waited_ms = 0;
	statement = GetCurrentStatementStartTimestamp();
	nest_level = waited_ms < LOOK_WAIT_MS ? NewGUCNestLevel() : settings_pin_lock_timeout(1);
	error = guarded_look(function, argument);
	settings_restore(nest_level);
	if (error != NULL && guarded_classify(error) == GUARDED_LOCK_TIMEOUT)
		waited_ms += TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
	return error;
}

/* What examining a rule, guarded, works on. */
typedef struct ExamineCall
{
	Oid			relation_id;
	RuleAction	action;
	StringArray arguments;
	ArrayType  *columns;		/* the result: those that are read */
} ExamineCall;

/* Of a table that is gone nothing is wrong any more. */
static void
examine(void *argument)
{
	ExamineCall *call = argument;
	Relation	relation = try_relation_open(call->relation_id, AccessShareLock);
	RuleAnalysis analysis;

	if (relation == NULL)
		return;
	analysis = rule_analyze(relation, call->action, call->arguments.strings, call->arguments.count,
							RULE_SCRUTINY_ALL);
	call->columns = column_names(relation, analysis.columns);
	relation_close(relation, AccessShareLock);
}

/*
 * examine_rule(relation oid, action text, arguments text[]) → (problem text,
 * is_locked boolean, columns text[]): what is wrong with a rule, or that somebody
 * has locked what it takes to know, or the columns that it reads; of a table that is
 * gone nothing
 */
Datum
uncache_examine_rule(PG_FUNCTION_ARGS)
{
	ExamineCall call = {.relation_id = PG_GETARG_OID(0)};
	Datum		values[EXAMINE_COLUMN_COUNT] = {0};
	bool		nulls[EXAMINE_COLUMN_COUNT] = {false};
	ErrorData  *error;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	call.action = get_action(PG_GETARG_DATUM(1));
	call.arguments = array_get_strings(PG_GETARG_ARRAYTYPE_P(2), "argument");
	error = look(examine, &call);
	/* what the caller may not look into is no problem of the rule's */
	nulls[EXAMINE_PROBLEM] = error == NULL || error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE;
	nulls[EXAMINE_COLUMNS] = error != NULL || call.columns == NULL;
	values[EXAMINE_IS_LOCKED] = BoolGetDatum(error != NULL &&
											 (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
											  error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED));
	if (error != NULL)
		values[EXAMINE_PROBLEM] = CStringGetTextDatum(error->message);
	else if (call.columns != NULL)
		values[EXAMINE_COLUMNS] = PointerGetDatum(call.columns);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* The name of a rule's author as its arguments have it; "" if they have none. */
static RuleAuthor
author_in_arguments(const RuleTrigger *rule)
{
	RuleAuthor	author = {.role_id = InvalidOid};

	if (rule->arguments.count > 0)
		(void) rule_author_parse(rule->arguments.strings[0], &author);
	return author;
}

/*
 * rule_author(trigger oid) → (author name, known_as name, problem text): the role that
 * a rule's queries run as, what it was called when that was written down, or why they
 * are not run; nulls for a rule without queries
 */
Datum
uncache_rule_author(PG_FUNCTION_ARGS)
{
	Datum		values[AUTHOR_COLUMN_COUNT] = {0};
	bool		nulls[AUTHOR_COLUMN_COUNT] = {true, true, true};
	const char *problem = NULL;
	const char *detail;
	const RuleTrigger *rule = rule_scan_trigger(PG_GETARG_OID(0));
	RuleAuthor	author;
	Oid			role_id = InvalidOid;
	NameData	names[2];
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (rule != NULL && rule_action_has_queries(rule->action))
	{
		author = admission_find(rule).author;
		role_id = rule_author_find_role(&author, &problem, &detail);
	}
	if (OidIsValid(role_id))
	{
		author = author_in_arguments(rule);
		namestrcpy(&names[0], GetUserNameFromId(role_id, false));
		namestrcpy(&names[1], author.name);
		values[AUTHOR_NAME] = NameGetDatum(&names[0]);
		values[AUTHOR_KNOWN_AS] = NameGetDatum(&names[1]);
		nulls[AUTHOR_NAME] = nulls[AUTHOR_KNOWN_AS] = false;
	}
	if (problem != NULL)
	{
		values[AUTHOR_PROBLEM] = CStringGetTextDatum(problem);
		nulls[AUTHOR_PROBLEM] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* --- whether a rule still uses what was admitted --- */

/* What a guarded look at a rule works on. */
typedef struct UseCall
{
	const RuleTrigger *rule;
	Admission	admission;
} UseCall;

static void
check_use(void *argument)
{
	const UseCall *call = argument;
	Relation	relation = try_relation_open(call->rule->relation_id, AccessShareLock);
	RuleAnalysis analysis;

	if (relation == NULL)
		return;
	analysis = rule_analyze(relation, call->rule->action, call->rule->arguments.strings,
							call->rule->arguments.count, RULE_SCRUTINY_ALL);
	admission_use_check(&call->admission, analysis.objects);
	(void) user_code_check(analysis.objects);
	relation_close(relation, AccessShareLock);
}

/*
 * find_other_use(trigger oid) → text: what a rule's queries use that they did not when
 * it was made; null if there is nothing, or it cannot be told
 */
Datum
uncache_find_other_use(PG_FUNCTION_ARGS)
{
	UseCall		call = {.rule = rule_scan_trigger(PG_GETARG_OID(0))};
	ErrorData  *error = NULL;

	if (call.rule != NULL && rule_action_has_queries(call.rule->action))
		call.admission = admission_find(call.rule);
	if (call.admission.author.name[0] == '\0')
		PG_RETURN_NULL();
	error = look(check_use, &call);
	if (error == NULL || error->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE || error->detail == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("its queries are not run: %s. %s", error->message, error->detail)));
}
