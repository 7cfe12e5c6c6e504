/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 13 and 18: the only file that knows
 *	  PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_COMPAT_H
#define UNCACHE_COMPAT_H

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/tablecmds.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_param.h"
#include "parser/parser.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#if PG_VERSION_NUM < 130000
#error "uncache needs PostgreSQL 13 or later"
#endif

/* 16 moved what varlenas are made of into a header of its own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 14 did so with what a process waits for; up to 18 pgstat.h brought it along. */
#if PG_VERSION_NUM >= 140000
#include "utils/wait_event.h"
#endif

#if PG_VERSION_NUM >= 180000
#include "rewrite/rewriteHandler.h"
#endif

/* 19 knows only strings that conform. */
#if PG_VERSION_NUM >= 190000
#define COMPAT_CONFORMING_STRINGS true
#else
#define COMPAT_CONFORMING_STRINGS standard_conforming_strings
#endif

/* Where it cannot be asked for, lists of sort keys stay unseen. */
#ifndef QTW_EXAMINE_SORTGROUP
#define QTW_EXAMINE_SORTGROUP 0
#endif

/* 14 gave the raw parser a mode. */
#if PG_VERSION_NUM >= 140000
#define compat_raw_parser(text) raw_parser((text), RAW_PARSE_DEFAULT)
#else
#define compat_raw_parser(text) raw_parser(text)
#endif

/* 15 put the value into the constant itself. */
static inline const char *
compat_const_string(const A_Const *constant)
{
#if PG_VERSION_NUM >= 150000
	return !constant->isnull && IsA(&constant->val, String) ? constant->val.sval.sval : NULL;
#else
	return IsA(&constant->val, String) ? strVal(&constant->val) : NULL;
#endif
}

/* Makes a null of a constant.  For what came with 17. */
static inline void
compat_make_null(A_Const *constant)
{
#if PG_VERSION_NUM >= 150000
	constant->isnull = true;
#else
	constant->val.type = T_Null;
#endif
}

/* 15 brought MERGE. */
static inline bool
compat_is_merge(const Node *node)
{
#if PG_VERSION_NUM >= 150000
	return IsA(node, MergeStmt);
#else
	return false;
#endif
}

/*
 * 17 brought functions that make values of JSON: paths that must be literals, the
 * types of their results, and what they give in place of an error.
 */
static inline bool
compat_is_json_path(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	return IsA(node, JsonTablePathSpec);
#else
	return false;
#endif
}

static inline bool
compat_is_json_behavior(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	return IsA(node, JsonBehavior);
#else
	return false;
#endif
}

static inline const TypeName *
compat_json_type(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	if (IsA(node, JsonTableColumn))
		return ((const JsonTableColumn *) node)->typeName;
#endif
#if PG_VERSION_NUM >= 160000
	if (IsA(node, JsonOutput))
		return ((const JsonOutput *) node)->typeName;
#endif
	return NULL;
}

/* What makes a value of JSON, or JSON of values. */
static inline bool
compat_is_json_value(const Node *node)
{
#if PG_VERSION_NUM >= 170000
	if (IsA(node, JsonExpr))
		return true;
#endif
#if PG_VERSION_NUM >= 160000
	return IsA(node, JsonConstructorExpr);
#else
	return false;
#endif
}

/* 14 brought CYCLE, whose marks raw_expression_tree_walker() leaves out. */
static inline bool
compat_walk_cycle(const CommonTableExpr *expression, bool (*walker) (Node *, void *), void *context)
{
#if PG_VERSION_NUM >= 140000
	const CTECycleClause *cycle = expression->cycle_clause;

	return cycle != NULL &&
		(walker(cycle->cycle_mark_value, context) || walker(cycle->cycle_mark_default, context));
#else
	return false;
#endif
}

/* 15 renamed and hardened the reservation of a prefix for settings. */
#if PG_VERSION_NUM >= 150000
#define compat_reserve_guc_prefix(name) MarkGUCPrefixReserved(name)
#else
#define compat_reserve_guc_prefix(name) EmitWarningsOnPlaceholders(name)
#endif

/* Before 16 a command that goes on to children had a type of its own. */
static inline AlterTableType
compat_alter_type(AlterTableType type)
{
#if PG_VERSION_NUM < 160000
	if (type == AT_AddColumnRecurse)
		return AT_AddColumn;
	if (type == AT_DropColumnRecurse)
		return AT_DropColumn;
	if (type == AT_DropConstraintRecurse)
		return AT_DropConstraint;
#endif
	return type;
}

/* 14 can finish a concurrent DETACH. */
static inline bool
compat_is_detach(AlterTableType type)
{
#if PG_VERSION_NUM >= 140000
	if (type == AT_DetachPartitionFinalize)
		return true;
#endif
	return type == AT_DetachPartition;
}

static inline bool
compat_is_detach_concurrently(const AlterTableCmd *command)
{
#if PG_VERSION_NUM >= 140000
	return command->subtype == AT_DetachPartition && castNode(PartitionCmd, command->def)->concurrent;
#else
	return false;
#endif
}

/* 17 can change a generated column's expression. */
static inline bool
compat_is_set_expression(AlterTableType type)
{
#if PG_VERSION_NUM >= 170000
	return type == AT_SetExpression;
#else
	return false;
#endif
}

/* 18 brought generated columns that no tuple holds: they read as NULL there. */
static inline bool
compat_is_virtual_column(Form_pg_attribute attribute)
{
#if PG_VERSION_NUM >= 180000
	return attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	return false;
#endif
}

/*
 * An expression over a relation's row with what generates virtual columns in their
 * places, in whole rows as well.  Runs nothing.
 */
static inline Node *
compat_expand_virtual_columns(Node *node, Relation relation)
{
#if PG_VERSION_NUM >= 180000
	return expand_generated_columns_in_expr(node, relation, 1);
#else
	return node;
#endif
}

/* 16 asks for the owner of whatever object by its class. */
#if PG_VERSION_NUM >= 160000
#define compat_owns_schema(schema_id, role_id) object_ownercheck(NamespaceRelationId, (schema_id), (role_id))
#define compat_owns_table(relation_id, role_id) object_ownercheck(RelationRelationId, (relation_id), (role_id))
#else
#define compat_owns_table(relation_id, role_id) pg_class_ownercheck((relation_id), (role_id))
#define compat_owns_schema(schema_id, role_id) pg_namespace_ownercheck((schema_id), (role_id))
#endif

/* 14 may be asked for the identity of an object that is gone. */
#if PG_VERSION_NUM >= 140000
#define compat_object_identity(address) getObjectIdentity((address), true)
#define compat_object_type(address) getObjectTypeDescription((address), true)
#else
#define compat_object_type(address) getObjectTypeDescription(address)
#define compat_object_identity(address) getObjectIdentity(address)
#endif

/* 16 asks for privileges on whatever object by its class. */
#if PG_VERSION_NUM >= 160000
#define compat_may_execute(function_id, role_id) \
	(object_aclcheck(ProcedureRelationId, (function_id), (role_id), ACL_EXECUTE) == ACLCHECK_OK)
#else
#define compat_may_execute(function_id, role_id) \
	(pg_proc_aclcheck((function_id), (role_id), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* 14 tells an index whether an update left its columns unchanged. */
static inline void
compat_index_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap)
{
#if PG_VERSION_NUM >= 140000
	(void) index_insert(index, values, nulls, tid, heap, UNIQUE_CHECK_NO, false, NULL);
#else
	(void) index_insert(index, values, nulls, tid, heap, UNIQUE_CHECK_NO, NULL);
#endif
}

/*
 * Empties a table that is open and locked against everybody, with its indexes and TOAST table, when the
 * transaction commits.  Tells no subscriber.  16 may act as the table's owner.
 */
static inline void
compat_truncate(Relation relation)
{
#if PG_VERSION_NUM >= 160000
	ExecuteTruncateGuts(list_make1(relation), list_make1_oid(RelationGetRelid(relation)), NIL,
						DROP_RESTRICT, false, false);
#else
	ExecuteTruncateGuts(list_make1(relation), list_make1_oid(RelationGetRelid(relation)), NIL,
						DROP_RESTRICT, false);
#endif
}

/* 14 brought multiranges, */
#if PG_VERSION_NUM >= 140000
#define compat_range_of_multirange(type_id) (type_is_multirange(type_id) ? get_multirange_range(type_id) : InvalidOid)
#else
#define compat_range_of_multirange(type_id) InvalidOid
#endif

/* and bodies of SQL functions whose names were looked up when they were made. */
static inline bool
compat_has_parsed_body(HeapTuple function)
{
#if PG_VERSION_NUM >= 140000
	return !heap_attisnull(function, Anum_pg_proc_prosqlbody, NULL);
#else
	return false;
#endif
}

/* 14 hands what it has jumbled to those who look at an analyzed query; 19 lets nobody change it. */
#if PG_VERSION_NUM >= 190000
#define COMPAT_JUMBLE_CONST const
#else
#define COMPAT_JUMBLE_CONST
#endif
#if PG_VERSION_NUM >= 140000
#define COMPAT_ANALYZE_HOOK_HAS_JUMBLE 1
#else
#define COMPAT_ANALYZE_HOOK_HAS_JUMBLE 0
#endif

/* 15 renamed what makes $1 and so on known to the parser. */
static inline void
compat_set_up_parameters(ParseState *pstate, const Oid *types, int count)
{
#if PG_VERSION_NUM >= 150000
	setup_parse_fixed_parameters(pstate, types, count);
#else
	parse_fixed_parameters(pstate, unconstify(Oid *, types), count);
#endif
}

/* What may end a statement at a time that is known; 17 has one for transactions. */
#if PG_VERSION_NUM >= 170000
#define COMPAT_STATEMENT_TIMEOUTS {STATEMENT_TIMEOUT, TRANSACTION_TIMEOUT}
#else
#define COMPAT_STATEMENT_TIMEOUTS {STATEMENT_TIMEOUT}
#endif

/* 17 let LockHeldByMe ask for stronger modes, too. */
#if PG_VERSION_NUM >= 170000
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode), false)
#else
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode))
#endif

#endif
