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

/* 15 renamed and hardened the reservation of a prefix for settings. */
#if PG_VERSION_NUM >= 150000
#define compat_reserve_guc_prefix(name) MarkGUCPrefixReserved(name)
#else
#define compat_reserve_guc_prefix(name) EmitWarningsOnPlaceholders(name)
#endif

/* 17 let LockHeldByMe ask for stronger modes, too. */
#if PG_VERSION_NUM >= 170000
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode), false)
#else
#define compat_lock_held_by_me(tag, mode) LockHeldByMe((tag), (mode))
#endif

#endif
