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

#include "access/transam.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "storage/lock.h"
#include "utils/guc.h"

#if PG_VERSION_NUM < 130000
#error "uncache needs PostgreSQL 13 or later"
#endif

/* 14 gave the raw parser a mode. */
#if PG_VERSION_NUM >= 140000
#define compat_raw_parser(text) raw_parser((text), RAW_PARSE_DEFAULT)
#else
#define compat_raw_parser(text) raw_parser(text)
#endif

/* 15 put the value into the constant itself. */
static inline const char *
compat_const_string(const A_Const * constant)
{
#if PG_VERSION_NUM >= 150000
	return !constant->isnull && IsA(&constant->val, String) ? constant->val.sval.sval : NULL;
#else
	return IsA(&constant->val, String) ? strVal(&constant->val) : NULL;
#endif
}

/* 15 renamed and hardened the reservation of a prefix for settings. */
#if PG_VERSION_NUM >= 150000
#define compat_reserve_guc_prefix(name) MarkGUCPrefixReserved(name)
#else
#define compat_reserve_guc_prefix(name) EmitWarningsOnPlaceholders(name)
#endif

/* 14 can finish a concurrent DETACH, 17 change a generated column's expression. */
static inline bool
compat_changes_rows(AlterTableType type)
{
#if PG_VERSION_NUM >= 140000
	if (type == AT_DetachPartitionFinalize)
		return true;
#endif
#if PG_VERSION_NUM >= 170000
	if (type == AT_SetExpression)
		return true;
#endif
	return false;
}

/* 17 let LockHeldByMe ask for stronger modes, too. */
#if PG_VERSION_NUM >= 170000
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode), false)
#else
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode))
#endif

#endif
