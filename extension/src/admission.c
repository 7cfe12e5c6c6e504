/*-------------------------------------------------------------------------
 *
 * admission.c
 *	  What was admitted as a rule with queries, and as whose: uncache.admissions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xlog.h"
#include "admission.h"
#include "catalog.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "miscadmin.h"
#include "own_sql.h"
#include "rewrite/rewriteHandler.h"
#include "rule_objects.h"
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
	SysScanDesc scan;
	HeapTuple	tuple;

	if (column <= 0 || get_atttype(RelationGetRelid(admissions), column) != OIDOID)
		return;
	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(search->root->relation_id));
	scan = systable_beginscan(admissions, index_id, OidIsValid(index_id), NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		consider(search, admissions, tuple);
	systable_endscan(scan);
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

void
admission_put(const RuleTrigger *rule, const StringArray *arguments,
			  const RuleAuthor *author, const StringArray *objects)
{
	const char *const row[] = {
		own_sql_oid(rule->trigger_id), own_sql_oid(rule->relation_id), own_sql_array(arguments),
		rule->is_for_rows ? "true" : "false",
		own_sql_oid(author->role_id), author->is_superuser ? "true" : "false", own_sql_array(objects)
	};

	(void) own_sql_execute("DELETE FROM uncache.admissions WHERE trigger = $1::oid", 1, row);
	(void) own_sql_execute("INSERT INTO uncache.admissions (trigger, relation, arguments, is_for_rows, author, is_superuser, objects)"
						   " VALUES ($1::oid, $2::oid, $3::text[], $4::boolean, $5::oid, $6::boolean, $7::text[])",
						   lengthof(row), row);
}

void
admission_rewrite(const RuleTrigger *rule, const StringArray *new_arguments)
{
	const char *const values[] = {
		own_sql_oid(rule->trigger_id), own_sql_oid(rule->relation_id), own_sql_array(&rule->arguments), own_sql_array(new_arguments)
	};

	if (!catalog_is_empty(catalog_admissions_id()))
		(void) own_sql_execute("UPDATE uncache.admissions SET arguments = $4::text[], trigger = $1::oid"
							   " WHERE relation = $2::oid AND arguments = $3::text[] AND (trigger = $1::oid"
							   " OR NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = admissions.trigger AND t.tgrelid = admissions.relation))",
							   lengthof(values), values);
}

void
admission_forget(Oid trigger_id, Oid relation_id)
{
	const char *const key[] = {own_sql_oid(trigger_id), own_sql_oid(relation_id)};

	if (!catalog_is_empty(catalog_admissions_id()))
		(void) own_sql_execute("DELETE FROM uncache.admissions WHERE trigger = $1::oid OR relation = $2::oid", lengthof(key), key);
}

/* --- what may be used --- */

/* The role that owns a function, relation or type. */
static Oid
owner_of(const ObjectAddress *object)
{
	int			cache_id = object->classId == ProcedureRelationId ? PROCOID :
	object->classId == RelationRelationId ? RELOID : TYPEOID;
	HeapTuple	tuple = SearchSysCache1(cache_id, ObjectIdGetDatum(object->objectId));
	Oid			owner_id;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (cache_id == PROCOID)
		owner_id = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	else if (cache_id == RELOID)
		owner_id = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	else
		owner_id = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
	ReleaseSysCache(tuple);
	return owner_id;
}

/*
 * NULL of what runs no code, or only by a function that is listed as well.  By name, so
 * that it survives pg_upgrade, and what is dropped and made again by the same owner is
 * the same; a table that became a view is not.
 */
static char *
describe(const ObjectAddress *object)
{
	ObjectAddress whole = *object;

	if (object->classId != ProcedureRelationId && object->classId != RelationRelationId &&
		object->classId != TypeRelationId)
		return NULL;
	whole.objectSubId = 0;
	return psprintf("%s %s of role %u", compat_object_type(&whole), compat_object_identity(&whole),
					owner_of(&whole));
}

/* The next one down, which may be a domain as well. */
static Oid
base_of_domain(Oid type_id)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type_id));
	Oid			base_id = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		base_id = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
		ReleaseSysCache(tuple);
	}
	return base_id;
}

/* A row's columns, an array's elements and so on have types, too. */
static List *
add_type_parts(List *objects, const ObjectAddress *object)
{
	Oid			relation_id;
	Relation	relation;
	int			i;

	if (object->classId != TypeRelationId)
		return objects;
	objects = rule_objects_add_type(objects, base_of_domain(object->objectId));
	objects = rule_objects_add_type(objects, get_element_type(object->objectId));
	if (type_is_range(object->objectId))
		objects = rule_objects_add_type(objects, get_range_subtype(object->objectId));
	objects = rule_objects_add_type(objects, compat_range_of_multirange(object->objectId));
	relation_id = get_typ_typrelid(object->objectId);
	relation = OidIsValid(relation_id) ? try_relation_open(relation_id, AccessShareLock) : NULL;
	if (relation == NULL)
		return objects;
	for (i = 0; i < RelationGetNumberOfAttributes(relation); i++)
	{
		if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
			objects = rule_objects_add_type(objects, TupleDescAttr(RelationGetDescr(relation), i)->atttypid);
	}
	relation_close(relation, NoLock);
	return objects;
}

/* What a view selects is what whoever selects from it runs. */
static List *
add_view(List *objects, const ObjectAddress *object)
{
	Relation	view;

	if (object->classId != RelationRelationId || get_rel_relkind(object->objectId) != RELKIND_VIEW)
		return objects;
	view = try_relation_open(object->objectId, AccessShareLock);
	if (view == NULL)
		return objects;
	objects = rule_objects_add(objects, (Node *) get_view_query(view));
	relation_close(view, NoLock);
	return objects;
}

static List *
add_defaults(List *objects, HeapTuple tuple)
{
	bool		is_null;
	Datum		defaults = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &is_null);

	return is_null ? objects : rule_objects_add(objects, stringToNode(TextDatumGetCString(defaults)));
}

static List *
add_aggregate(List *objects, Oid function_id)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function_id));
	Form_pg_aggregate form;

	if (!HeapTupleIsValid(tuple))
		return objects;
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	objects = rule_objects_add_function(objects, form->aggtransfn);
	objects = rule_objects_add_function(objects, form->aggfinalfn);
	objects = rule_objects_add_function(objects, form->aggcombinefn);
	objects = rule_objects_add_function(objects, form->aggserialfn);
	objects = rule_objects_add_function(objects, form->aggdeserialfn);
	objects = rule_objects_add_function(objects, form->aggmtransfn);
	objects = rule_objects_add_function(objects, form->aggminvtransfn);
	objects = rule_objects_add_function(objects, form->aggmfinalfn);
	objects = rule_objects_add_type(objects, form->aggtranstype);
	objects = rule_objects_add_type(objects, form->aggmtranstype);
	ReleaseSysCache(tuple);
	return objects;
}

/* What stands behind a function's name: not its body, which is its owner's. */
static List *
add_function_parts(List *objects, const ObjectAddress *object)
{
	HeapTuple	tuple;
	Form_pg_proc form;
	int			i;

	if (object->classId != ProcedureRelationId)
		return objects;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(object->objectId));
	if (!HeapTupleIsValid(tuple))
		return objects;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	objects = rule_objects_add_type(objects, form->prorettype);
	for (i = 0; i < form->proargtypes.dim1; i++)
		objects = rule_objects_add_type(objects, form->proargtypes.values[i]);
	objects = add_defaults(objects, tuple);
	ReleaseSysCache(tuple);
	return add_aggregate(objects, object->objectId);
}

static List *
add_parts(List *objects)
{
	int			i;

	/* the list grows while it is walked */
	for (i = 0; i < list_length(objects); i++)
	{
		objects = add_view(objects, list_nth(objects, i));
		objects = add_type_parts(objects, list_nth(objects, i));
		objects = add_function_parts(objects, list_nth(objects, i));
	}
	return objects;
}

static StringArray
describe_all(const List *objects)
{
	StringArray result = {NULL, 0};
	int			i;

	result.strings = palloc(Max(list_length(objects), 1) * sizeof(char *));
	for (i = 0; i < list_length(objects); i++)
	{
		char	   *text = describe(list_nth(objects, i));

		if (text != NULL)
			result.strings[result.count++] = text;
	}
	return result;
}

StringArray
admission_describe(List *objects)
{
	return describe_all(add_parts(objects));
}

static bool
is_admitted(const StringArray *admitted, const char *object)
{
	int			i;

	for (i = 0; i < admitted->count; i++)
	{
		if (strcmp(admitted->strings[i], object) == 0)
			return true;
	}
	return false;
}

/*
 * A function without a search path of its own finds tables by their bare names in the
 * temporary schema of whoever writes.
 */
static bool
finds_temporary(const ObjectAddress *object)
{
	HeapTuple	tuple;
	bool		has_no_settings = true;
	bool		result = false;

	if (object->classId != ProcedureRelationId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(object->objectId));
	if (!HeapTupleIsValid(tuple))
		return false;
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &has_no_settings);
	result = has_no_settings && ((Form_pg_proc) GETSTRUCT(tuple))->prokind != PROKIND_AGGREGATE &&
		((Form_pg_proc) GETSTRUCT(tuple))->prolang != INTERNALlanguageId &&
		((Form_pg_proc) GETSTRUCT(tuple))->prolang != ClanguageId && !compat_has_parsed_body(tuple);
	ReleaseSysCache(tuple);
	return result;
}

bool
admission_finds_temporary(List *objects)
{
	int			i;

	objects = add_parts(objects);
	for (i = 0; i < list_length(objects); i++)
	{
		if (finds_temporary(list_nth(objects, i)))
			return true;
	}
	return false;
}

/*
 * Whoever owns a type can give it casts, or a range's functions, that are found when the
 * query runs, and stand in no tree.
 */
static void
check_type(const ObjectAddress *object, Oid author_id)
{
	Oid			owner_id = owner_of(object);

	if (OidIsValid(owner_id) && owner_id != author_id && !superuser_arg(owner_id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it would use a type of another role"),
				 errdetail("It is %s of role \"%s\", who could make it run code as the query's author.",
						   compat_object_identity(object), GetUserNameFromId(owner_id, true)),
				 errhint("Let the type belong to the author or to a superuser.")));
}

void
admission_check(const Admission *admission, List *objects)
{
	StringArray used;
	int			i;

	objects = add_parts(objects);
	for (i = 0; i < list_length(objects); i++)
	{
		if (((const ObjectAddress *) list_nth(objects, i))->classId == TypeRelationId)
			check_type(list_nth(objects, i), admission->author.role_id);
	}
	used = describe_all(objects);
	for (i = 0; i < used.count; i++)
	{
		if (!is_admitted(&admission->objects, used.strings[i]))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("it would use another object than when the rule was made"),
					 errdetail("It is %s.", used.strings[i]),
					 errhint("Call uncache.watch again.")));
	}
}
