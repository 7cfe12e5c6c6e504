/*-------------------------------------------------------------------------
 *
 * rule.c
 *	  What a compiled rule is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/guarded.h"
#include "base/warning.h"
#include "compile/rule.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

static bool
has_type(const Rule *rule, const RuleType *type)
{
	int			i;

	for (i = 0; i < rule->type_count; i++)
	{
		if (rule->types[i].hash == type->hash && rule->types[i].relation_id == type->relation_id)
			return true;
	}
	return false;
}

/* Makes room for more of them. */
static void
extend_types(Rule *rule, int count)
{
	Size		size = Max(rule->type_count + count, 1) * sizeof(RuleType);

	rule->types = rule->types == NULL ? MemoryContextAlloc(rule->context, size) : repalloc(rule->types, size);
}

static void
add_type(Rule *rule, RuleType type)
{
	if (!has_type(rule, &type))
		rule->types[rule->type_count++] = type;
}

void
rule_add_types(Rule *rule, const List *type_ids)
{
	const ListCell *cell;

	extend_types(rule, list_length(type_ids));
	foreach(cell, type_ids)
	{
		const RuleType type = {
			GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(lfirst_oid(cell))), get_typ_typrelid(lfirst_oid(cell))
		};

		add_type(rule, type);
	}
}

void
rule_add_relations(Rule *rule, const List *relation_ids)
{
	const ListCell *cell;

	extend_types(rule, list_length(relation_ids));
	foreach(cell, relation_ids)
	{
		const RuleType type = {0, lfirst_oid(cell)};

		add_type(rule, type);
	}
}

ExprState *
rule_expression_state(Rule *rule, RuleExpression *expression)
{
	if (expression->state == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(rule->state_context);

		expression->state = ExecInitExpr(expression->expr, NULL);
		expression->is_varlena = get_typlen(exprType((Node *) expression->expr)) == -1;
		MemoryContextSwitchTo(old_context);
	}
	return expression->state;
}

void
rule_forget_states(Rule *rule)
{
	int			i;
	int			j;

	for (i = 0; i < rule->expression_count; i++)
		rule->expressions[i].state = NULL;
	for (i = 0; i < rule->query_count; i++)
	{
		for (j = 0; j < rule->queries[i].parameter_count; j++)
			rule->queries[i].parameters[j].state = NULL;
	}
	MemoryContextReset(rule->state_context);
}

static bool
has_rights_of_author(const Rule *rule)
{
	return OidIsValid(rule->author_id) ? has_privs_of_role(GetUserId(), rule->author_id) : superuser();
}

/* A writer need not be allowed to read what he writes. */
static bool
may_see_rows(const Rule *rule)
{
	return pg_class_aclcheck(rule->relation_id, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(rule->relation_id, InvalidOid, true) != RLS_ENABLED;
}

/* Errors tell what is in the row, and those of queries what is in other tables. */
static bool
may_see_detail(const Rule *rule)
{
	return rule_action_has_queries(rule->action) ? has_rights_of_author(rule) : may_see_rows(rule);
}

static void
report(const Rule *rule, const char *what, const char *detail, const char *hint)
{
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("uncache rule \"%s\" on table \"%s\": %s",
							rule->trigger_name, rule->relation_name, what),
		.detail = detail,
		.is_detail_for_log = detail != NULL && !may_see_detail(rule),
		.hint = hint
	};

	warning_report(&warning);
}

void
rule_warn(const Rule *rule, const char *what, const char *detail)
{
	if (*rule->has_warned)
		return;
	*rule->has_warned = true;
	report(rule, what, detail, "Until the rule is fixed, broader patterns are deleted instead.");
}

/* What is said of a part that failed. */
static const char *
describe(GuardedFailure failure, const char *if_broken)
{
	switch (failure)
	{
		case GUARDED_LOCK_TIMEOUT:
			return "waited too long for a lock";
		case GUARDED_DEADLOCK:
			return "ran into a deadlock";
		case GUARDED_CONCURRENT_UPDATE:
			return "met a concurrent update";
		case GUARDED_OUT_OF_MEMORY:
			return "ran out of memory";
		case GUARDED_BROKEN:
			break;
	}
	return if_broken;
}

static void
warn_of_error(Rule *rule, const char *part, const char *if_broken, const ErrorData *error)
{
	GuardedFailure failure = guarded_classify(error);
	char	   *what = psprintf("%s %s", part, describe(failure, if_broken));

	if (failure == GUARDED_BROKEN)
	{
		rule_warn(rule, what, error->message);
		return;
	}
	if (rule->failed_at == GetCurrentTransactionStartTimestamp())
		return;
	rule->failed_at = GetCurrentTransactionStartTimestamp();
	report(rule, what, error->message, "A broader pattern is deleted this time; nothing needs to be fixed.");
}

void
rule_warn_of_error(Rule *rule, const char *part, const ErrorData *error)
{
	warn_of_error(rule, part, "fails", error);
}

void
rule_warn_of_compile_error(Rule *rule, const char *part, const ErrorData *error)
{
	/* what the role of this statement may not use another one may */
	if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
		rule_try_again(rule);
	rule->is_provisional |= guarded_classify(error) != GUARDED_BROKEN;
	warn_of_error(rule, part, "is invalid", error);
}

void
rule_try_again(Rule *rule)
{
	rule->is_provisional = true;
	rule->failed_at = GetCurrentTransactionStartTimestamp();
}

bool
rule_is_outdated(const Rule *rule)
{
	return rule->is_provisional && rule->failed_at != GetCurrentTransactionStartTimestamp();
}
