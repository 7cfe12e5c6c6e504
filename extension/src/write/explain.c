/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  Runs a statement, rolls it back, and tells what it would invalidate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/result_set.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "rule/rule_scan.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "write/collect.h"

PG_FUNCTION_INFO_V1(uncache_record_statement);

/* Columns of the result. */
enum
{
	RESULT_RELATION,
	RESULT_RULE,
	RESULT_ACTION,
	RESULT_TARGET,
	RESULT_KEY,
	RESULT_COLUMN_COUNT
};

typedef struct Recording
{
	ResultSet	result;
	Oid			caller_id;		/* whoever is told */
	MemoryContext row_context;	/* reset after each row */
} Recording;

/* Whose rights the rule's queries have; InvalidOid if it has none. */
static Oid
find_author(const CollectSource *source)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(source->relation_id))
	{
		const RuleTrigger *rule = lfirst(cell);

		if (strcmp(rule->name, source->rule_name) == 0 && rule_action_has_queries(rule->action))
			return admission_find(rule).author.role_id;
	}
	return InvalidOid;
}

/* Keys are made of rows, and of what queries find: who may write a row need not see it. */
static bool
may_see_key(const Recording *recording, const CollectSource *source)
{
	Oid			author_id;

	/*
	 * by hand: by his own hand; of a table that is gone all that is left is
	 * wide
	 */
	if (!OidIsValid(source->relation_id))
		return has_privs_of_role(recording->caller_id, GetUserId());
	if (get_rel_name(source->relation_id) == NULL)
		return true;
	if (pg_class_aclcheck(source->relation_id, recording->caller_id, ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(source->relation_id, recording->caller_id, true) == RLS_ENABLED)
		return false;
	author_id = source->rule_name == NULL ? InvalidOid : find_author(source);
	return !OidIsValid(author_id) || has_privs_of_role(recording->caller_id, author_id);
}

static void
record(const CollectSource *source, const char *target, InvalidationAction action,
	   const char *key, Size key_length, void *argument)
{
	Recording  *recording = argument;
	MemoryContext old_context = MemoryContextSwitchTo(recording->row_context);
	Datum		values[RESULT_COLUMN_COUNT];
	bool		nulls[RESULT_COLUMN_COUNT] = {false};

	nulls[RESULT_RELATION] = !OidIsValid(source->relation_id);
	values[RESULT_RELATION] = ObjectIdGetDatum(source->relation_id);
	nulls[RESULT_RULE] = source->rule_name == NULL;
	values[RESULT_RULE] = nulls[RESULT_RULE] ? (Datum) 0 : CStringGetTextDatum(source->rule_name);
	values[RESULT_ACTION] = CStringGetTextDatum(invalidation_action_name(action));
	values[RESULT_TARGET] = CStringGetTextDatum(target);
	nulls[RESULT_KEY] = !may_see_key(recording, source);
	values[RESULT_KEY] = PointerGetDatum(cstring_to_text_with_len(key, (int) key_length));
	result_set_add(&recording->result, values, nulls);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(recording->row_context);
}

/* Fires what is deferred as well: COMMIT would. */
static void
fire_deferred_triggers(void)
{
	ConstraintsSetStmt *statement = makeNode(ConstraintsSetStmt);

	statement->deferred = false;
	AfterTriggerSetState(statement);
}

static void
execute(const char *statement)
{
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute(statement, false, 0);
	if (result == SPI_ERROR_TRANSACTION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("uncache.explain() cannot run transaction commands")));
	if (result == SPI_ERROR_COPY)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("uncache.explain() cannot run COPY from or to the client")));
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	(void) SPI_finish();
	fire_deferred_triggers();
}

/* In a subtransaction that is always rolled back; an error goes on to the caller. */
static void
execute_and_undo(const char *statement, const CollectRecorder *recorder)
{
	MemoryContext old_context = CurrentMemoryContext;
	ResourceOwner old_owner = CurrentResourceOwner;
	const CollectRecorder *last;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old_context);
	last = collect_set_recorder(recorder);
	PG_TRY();
	{
		execute(statement);
	}
	PG_CATCH();
	{
		(void) collect_set_recorder(last);
		MemoryContextSwitchTo(old_context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	(void) collect_set_recorder(last);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(old_context);
	CurrentResourceOwner = old_owner;
	if (error != NULL)
		ReThrowError(error);
}

/*
 * record_statement(statement text) → setof (relation oid, rule text, action
 * text, target text, key text), with those that come again
 */
Datum
uncache_record_statement(PG_FUNCTION_ARGS)
{
	char	   *statement = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Recording	recording;
	const CollectRecorder recorder = {record, &recording};

	recording.result = result_set_begin(fcinfo);
	recording.caller_id = GetUserId();
	recording.row_context = AllocSetContextCreate(CurrentMemoryContext, "uncache explain",
												  ALLOCSET_DEFAULT_SIZES);
	execute_and_undo(statement, &recorder);
	MemoryContextDelete(recording.row_context);
	PG_RETURN_NULL();
}
