/*-------------------------------------------------------------------------
 *
 * admission.c
 *	  What was admitted as a rule with queries, and as whose: uncache.admissions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "guard/admission.h"
#include "own/catalog.h"
#include "own/own_scan.h"
#include "own/own_sql.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* --- reading --- */

/* A value of a row, by its column's name and type; false if there is none. */
static bool
get_value(Relation admissions, HeapTuple tuple, const char *column, Oid type_id, Datum *value)
{
	AttrNumber	number = get_attnum(RelationGetRelid(admissions), column);
	bool		is_null = true;

	if (number > 0 && get_atttype(RelationGetRelid(admissions), number) == type_id)
		*value = heap_getattr(tuple, number, RelationGetDescr(admissions), &is_null);
	return !is_null;
}

static bool
has_arguments(Relation admissions, HeapTuple tuple, const StringArray *arguments)
{
	Datum		value;
	StringArray admitted;

	if (!get_value(admissions, tuple, "arguments", TEXTARRAYOID, &value))
		return false;
	admitted = array_get_strings(DatumGetArrayTypeP(value), "argument");
	return array_equals(&admitted, arguments);
}

/* The name is for messages: what the author was called when it was written down. */
static void
set_author(RuleAuthor *author, Oid role_id, bool is_superuser, const StringArray *arguments)
{
	if (arguments->count == 0 || !rule_author_parse(arguments->strings[0], author))
		strlcpy(author->name, "?", sizeof(author->name));
	author->role_id = role_id;
	author->system_id = GetSystemIdentifier();
	author->is_superuser = is_superuser;
}

static void
read_row(Relation admissions, HeapTuple tuple, const StringArray *arguments, Admission *admission)
{
	Datum		role_id;
	Datum		is_superuser;
	Datum		objects;

	if (!get_value(admissions, tuple, "author", OIDOID, &role_id) ||
		!get_value(admissions, tuple, "is_superuser", BOOLOID, &is_superuser) ||
		!get_value(admissions, tuple, "objects", TEXTARRAYOID, &objects))
		return;
	set_author(&admission->author, DatumGetObjectId(role_id), DatumGetBool(is_superuser), arguments);
	admission->objects = array_get_strings(DatumGetArrayTypeP(objects), "object");
}

/* What is looked for: the rule that was admitted, which is not the one that fires if that is a clone. */
typedef struct Search
{
	const RuleTrigger *root;
	const StringArray *arguments;
	bool		is_exact;		/* found by the trigger itself */
	bool		is_doubtful;	/* two others, and not of the same author */
	Admission	admission;
} Search;

static bool
is_same_kind(Relation admissions, HeapTuple tuple, const RuleTrigger *root)
{
	Datum		is_for_rows;

	return get_value(admissions, tuple, "is_for_rows", BOOLOID, &is_for_rows) &&
		DatumGetBool(is_for_rows) == root->is_for_rows;
}

static bool
is_of_trigger(Relation admissions, HeapTuple tuple, Oid trigger_id)
{
	Datum		value;

	return get_value(admissions, tuple, "trigger", OIDOID, &value) && DatumGetObjectId(value) == trigger_id;
}

/* After pg_upgrade a trigger has another oid: then its arguments and its kind have to do. */
static void
consider(Search *search, Relation admissions, HeapTuple tuple)
{
	Admission	found = {0};

	if (search->is_exact || !is_same_kind(admissions, tuple, search->root) ||
		!has_arguments(admissions, tuple, search->arguments))
		return;
	read_row(admissions, tuple, search->arguments, &found);
	search->is_exact = is_of_trigger(admissions, tuple, search->root->trigger_id);
	if (!search->is_exact && search->admission.author.name[0] != '\0' &&
		(search->admission.author.role_id != found.author.role_id ||
		 !array_equals(&search->admission.objects, &found.objects)))
		search->is_doubtful = true;
	search->admission = found;
}

static void
find(Search *search, Relation admissions)
{
	Oid			index_id = catalog_admissions_index_id();
	AttrNumber	column = get_attnum(RelationGetRelid(admissions), "relation");
	ScanKeyData key;
	OwnScan		scan;
	HeapTuple	tuple;

	if (column <= 0 || get_atttype(RelationGetRelid(admissions), column) != OIDOID)
		return;
	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(search->root->relation_id));
	scan = own_scan_begin(admissions, index_id, 1, &key);
	while ((tuple = own_scan_next(&scan)) != NULL)
		consider(search, admissions, tuple);
	own_scan_end(&scan);
}

/* The rule that this one is a clone of, or itself. */
static const RuleTrigger *
find_root(const RuleTrigger *rule)
{
	while (rule != NULL && OidIsValid(rule->parent_id))
		rule = rule_scan_trigger(rule->parent_id);
	return rule;
}

Admission
admission_find(const RuleTrigger *rule)
{
	Search		search = {.root = find_root(rule),.arguments = &rule->arguments};
	const Admission none = {0};
	Oid			admissions_id = catalog_admissions_id();
	Relation	admissions;

	if (!OidIsValid(admissions_id) || search.root == NULL)
		return none;
	admissions = table_open(admissions_id, AccessShareLock);
	find(&search, admissions);
	table_close(admissions, AccessShareLock);
	return search.is_doubtful && !search.is_exact ? none : search.admission;
}

/* --- writing --- */

/* That a trigger has the arguments of a row, the author in front of them aside. */
#define HAS_ARGUMENTS "uncache_internal.trigger_arguments(t.oid) IN (a.arguments, a.arguments[2:])"

/*
 * The row of a rule, by its trigger, relation, arguments and kind.  pg_upgrade gives triggers
 * other oids, those of other rules among them: a row without the very trigger will do if
 * it is nobody else's either.
 */
#define ROW_OF_RULE "ctid = ANY (ARRAY(SELECT a.ctid FROM uncache.admissions a" \
	" WHERE a.relation = $2::oid AND a.arguments = $3::text[] AND a.is_for_rows = $4::boolean" \
	" AND (a.trigger = $1::oid OR NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t" \
	" WHERE t.oid = a.trigger AND t.tgrelid = a.relation AND " HAS_ARGUMENTS "))" \
	" ORDER BY a.trigger = $1::oid DESC LIMIT 1))"
#define ROW_KEY_COUNT 4

typedef struct RowKey
{
	const char *parameters[ROW_KEY_COUNT];
} RowKey;

static RowKey
make_key(const RuleTrigger *rule, const StringArray *arguments)
{
	RowKey		key = {{own_sql_oid(rule->trigger_id), own_sql_oid(rule->relation_id), own_sql_array(arguments),
	rule->is_for_rows ? "true" : "false"}};

	return key;
}

/* Whatever it was admitted with before CREATE OR REPLACE. */
static void
forget_replaced(const RuleTrigger *rule, const RowKey *key)
{
	const RuleTrigger *previous = rule_scan_previous(rule);

	if (previous != NULL)
		admission_forget(previous);
	(void) own_sql_execute("DELETE FROM uncache.admissions a WHERE a.trigger = $1::oid AND a.relation = $2::oid AND NOT EXISTS"
						   " (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = a.relation AND t.oid <> a.trigger"
						   " AND (t.tgtype & 1 <> 0) = a.is_for_rows AND " HAS_ARGUMENTS ")",
						   2, key->parameters);
}

void
admission_put(const RuleTrigger *rule, const StringArray *arguments,
			  const RuleAuthor *author, const StringArray *objects)
{
	RowKey		key = make_key(rule, arguments);
	const char *const row[] = {
		key.parameters[0], key.parameters[1], key.parameters[2], key.parameters[3],
		own_sql_oid(author->role_id), author->is_superuser ? "true" : "false", own_sql_array(objects)
	};

	forget_replaced(rule, &key);
	(void) own_sql_execute("INSERT INTO uncache.admissions (trigger, relation, arguments, is_for_rows, author, is_superuser, objects)"
						   " VALUES ($1::oid, $2::oid, $3::text[], $4::boolean, $5::oid, $6::boolean, $7::text[])",
						   lengthof(row), row);
}

void
admission_rewrite(const RuleTrigger *rule, const StringArray *new_arguments)
{
	RowKey		key = make_key(rule, &rule->arguments);
	const char *const values[] = {
		key.parameters[0], key.parameters[1], key.parameters[2], key.parameters[3], own_sql_array(new_arguments)
	};

	if (!catalog_is_empty(catalog_admissions_id()))
		(void) own_sql_execute("UPDATE uncache.admissions SET arguments = $5::text[], trigger = $1::oid WHERE " ROW_OF_RULE,
							   lengthof(values), values);
}

void
admission_forget(const RuleTrigger *rule)
{
	RowKey		key;

	if (catalog_is_empty(catalog_admissions_id()))
		return;
	key = make_key(rule, &rule->arguments);
	(void) own_sql_execute("DELETE FROM uncache.admissions WHERE " ROW_OF_RULE, ROW_KEY_COUNT, key.parameters);
}

void
admission_forget_relation(Oid relation_id)
{
	const char *const key[] = {own_sql_oid(relation_id)};

	if (!catalog_is_empty(catalog_admissions_id()))
		(void) own_sql_execute("DELETE FROM uncache.admissions WHERE relation = $1::oid", lengthof(key), key);
}
