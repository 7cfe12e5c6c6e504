/*-------------------------------------------------------------------------
 *
 * admission_use.c
 *	  What a rule's queries use, and whether that is what was admitted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "guard/admission_use.h"
#include "guard/use_parts.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

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

static bool
runs_code(const ObjectAddress *object)
{
	return object->classId == ProcedureRelationId || object->classId == RelationRelationId ||
		object->classId == TypeRelationId;
}

static char *
describe_with_owner(const ObjectAddress *object, const char *owner)
{
	ObjectAddress whole = *object;

	whole.objectSubId = 0;
	return psprintf("%s %s of role %s", compat_object_type(&whole), compat_object_identity(&whole), owner);
}

/*
 * NULL of what runs no code, or only by a function that is listed as well.  By name, so
 * that it survives pg_upgrade, and what is dropped and made again by the same owner is
 * the same; a table that became a view is not.
 */
static char *
describe(const ObjectAddress *object)
{
	return runs_code(object) ? describe_with_owner(object, psprintf("%u", owner_of(object))) : NULL;
}

static List *
add_parts(List *objects)
{
	int			i;

	/* the list grows while it is walked */
	for (i = 0; i < list_length(objects); i++)
		objects = use_parts_add(objects, list_nth(objects, i));
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

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In an order that does not depend on how it was found, each once. */
static bytea *
describe_for_digest(List *objects)
{
	char	  **texts = palloc(Max(list_length(objects), 1) * sizeof(char *));
	int			count = 0;
	StringInfoData out;
	ListCell   *cell;
	int			i;

	foreach(cell, objects)
	{
		const ObjectAddress *object = lfirst(cell);
		const char *owner = GetUserNameFromId(owner_of(object), true);

		if (runs_code(object))
			texts[count++] = describe_with_owner(object, owner == NULL ? "" : owner);
	}
	qsort(texts, count, sizeof(char *), compare);
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	for (i = 0; i < count; i++)
	{
		if (i == 0 || strcmp(texts[i - 1], texts[i]) != 0)
			appendBinaryStringInfo(&out, texts[i], (int) strlen(texts[i]) + 1);
	}
	SET_VARSIZE(out.data, out.len);
	return (bytea *) out.data;
}

char *
admission_use_digest(List *objects)
{
	bytea	   *described = describe_for_digest(add_parts(objects));
	const bytea *digest;
	char	   *hex = palloc0(RULE_AUTHOR_USE_LENGTH + 1);

	if (VARSIZE(described) == VARHDRSZ)
		return hex;
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(described)));
	(void) hex_encode(VARDATA_ANY(digest), RULE_AUTHOR_USE_LENGTH / 2, hex);
	return hex;
}

StringArray
admission_use_describe(List *objects)
{
	return describe_all(add_parts(objects));
}

static bool
is_owned(const ObjectAddress *object, Oid role_id)
{
	Oid			owner_id = owner_of(object);

	return owner_id == role_id || owner_id == GetUserId() || superuser_arg(owner_id);
}

StringArray
admission_use_describe_owned(List *objects, Oid role_id)
{
	List	   *owned = NIL;
	ListCell   *cell;

	foreach(cell, add_parts(objects))
	{
		if (is_owned(lfirst(cell), role_id))
			owned = lappend(owned, lfirst(cell));
	}
	return describe_all(owned);
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

List *
admission_use_find_types(List *objects)
{
	List	   *type_ids = NIL;
	ListCell   *cell;

	foreach(cell, add_parts(objects))
	{
		const ObjectAddress *object = lfirst(cell);

		if (object->classId == TypeRelationId)
			type_ids = lappend_oid(type_ids, object->objectId);
	}
	return type_ids;
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
				 errdetail("It is %s of role \"%s\", which could make it run code as the query's author.",
						   compat_object_identity(object), GetUserNameFromId(owner_id, true)),
				 errhint("Let the type belong to the author or to a superuser.")));
}

static void
check_admitted(const ObjectAddress *object, const StringArray *admitted)
{
	const char *text = describe(object);
	const char *owner = GetUserNameFromId(owner_of(object), true);

	if (text != NULL && !is_admitted(admitted, text))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it would use a different object than when the rule was made"),
				 errdetail("It is %s.", describe_with_owner(object, owner == NULL ? "?" : quote_identifier(owner))),
				 errhint("Call uncache.watch again.")));
}

void
admission_use_check(const Admission *admission, List *objects)
{
	ListCell   *cell;

	objects = add_parts(objects);
	foreach(cell, objects)
	{
		if (((const ObjectAddress *) lfirst(cell))->classId == TypeRelationId)
			check_type(lfirst(cell), admission->author.role_id);
	}
	foreach(cell, objects)
		check_admitted(lfirst(cell), &admission->objects);
}
