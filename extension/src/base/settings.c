/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Pins the session's settings that show in the text of a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/gin.h"
#include "base/compat.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "parser/parse_expr.h"
#include "parser/parser.h"
#include "pgtime.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/xml.h"

/* Far less than deadlock_timeout: whoever waits for us meanwhile does not fail. */
#define BRIEF_LOCK_TIMEOUT_MS 50
/* 0 would be none at all. */
#define NO_WAIT_MS 1

static void
pin(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static bool
output_is_pinned(void)
{
	return DateStyle == USE_ISO_DATES && DateOrder == DATEORDER_MDY &&
		IntervalStyle == INTSTYLE_POSTGRES && extra_float_digits > 0 &&
		bytea_output == BYTEA_OUTPUT_HEX &&
		strcmp(pg_get_timezone_name(session_timezone), "UTC") == 0;
}

static void
pin_output(void)
{
	if (DateStyle != USE_ISO_DATES || DateOrder != DATEORDER_MDY)
		pin("datestyle", "ISO, MDY");
	if (IntervalStyle != INTSTYLE_POSTGRES)
		pin("intervalstyle", "postgres");
	if (extra_float_digits <= 0)
		pin("extra_float_digits", "1");
	if (bytea_output != BYTEA_OUTPUT_HEX)
		pin("bytea_output", "hex");
	if (strcmp(pg_get_timezone_name(session_timezone), "UTC") != 0)
		pin("timezone", "UTC");
}

int
settings_pin_output(void)
{
	int			nest_level;

	if (output_is_pinned())
		return SETTINGS_NOTHING_PINNED;
	nest_level = NewGUCNestLevel();
	pin_output();
	return nest_level;
}

static bool
has_other_abbreviations(void)
{
	return strcmp(GetConfigOption("timezone_abbreviations", false, false), "Default") != 0;
}

static bool
values_are_pinned(void)
{
	return output_is_pinned() && !quote_all_identifiers && Array_nulls && xmlbinary == XMLBINARY_BASE64 &&
		xmloption == XMLOPTION_CONTENT && !has_other_abbreviations();
}

/*
 * What PostgreSQL's own functions and expressions read, be they said to be immutable:
 * quote_ident(), timezone(), xmlelement(), for example.
 */
static void
pin_values(void)
{
	pin_output();
	if (quote_all_identifiers)
		pin("quote_all_identifiers", "off");
	if (has_other_abbreviations())
		pin("timezone_abbreviations", "Default");
	if (!Array_nulls)
		pin("array_nulls", "on");
	if (xmlbinary != XMLBINARY_BASE64)
		pin("xmlbinary", "base64");
	if (xmloption != XMLOPTION_CONTENT)
		pin("xmloption", "content");
}

int
settings_pin_values(void)
{
	int			nest_level;

	if (values_are_pinned())
		return SETTINGS_NOTHING_PINNED;
	nest_level = NewGUCNestLevel();
	pin_values();
	return nest_level;
}

int
settings_pin_all(void)
{
	int			nest_level = NewGUCNestLevel();

	pin_values();
	pin("search_path", SETTINGS_SEARCH_PATH);
	if (!COMPAT_CONFORMING_STRINGS)
		pin("standard_conforming_strings", "on");
	if (backslash_quote == BACKSLASH_QUOTE_OFF)
		pin("backslash_quote", "safe_encoding");
	if (Transform_null_equals)
		pin("transform_null_equals", "off");
	return nest_level;
}

static void
pin_lock_timeout(int limit_ms)
{
	if (LockTimeout == 0 || LockTimeout > limit_ms)
		pin("lock_timeout", psprintf("%d", limit_ms));
}

int
settings_pin_query(void)
{
	int			nest_level = settings_pin_all();

	if (row_security)
		pin("row_security", "off");
	if (GinFuzzySearchLimit != 0)
		pin("gin_fuzzy_search_limit", "0");

	/*
	 * to exclude a table its CHECK constraints are planned, which runs
	 * functions
	 */
	if (constraint_exclusion == CONSTRAINT_EXCLUSION_ON)
		pin("constraint_exclusion", "partition");
	pin_lock_timeout(BRIEF_LOCK_TIMEOUT_MS);
	return nest_level;
}

int
settings_pin_lock_timeout(int limit_ms)
{
	int			nest_level = NewGUCNestLevel();

	pin_lock_timeout(limit_ms);
	return nest_level;
}

int
settings_pin_no_wait(void)
{
	return settings_pin_lock_timeout(NO_WAIT_MS);
}

bool
settings_must_not_wait(void)
{
	return LockTimeout == NO_WAIT_MS;
}

int
settings_pin_brief_locks(void)
{
	return settings_pin_lock_timeout(BRIEF_LOCK_TIMEOUT_MS);
}

void
settings_restore(int nest_level)
{
	if (nest_level != SETTINGS_NOTHING_PINNED)
		AtEOXact_GUC(false, nest_level);
}
