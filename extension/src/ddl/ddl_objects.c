/*-------------------------------------------------------------------------
 *
 * ddl_objects.c
 *	  The objects that a command has made, altered or dropped.
 *
 * PostgreSQL's set-returning functions for event triggers are called as they
 * are, without SQL around them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ddl/ddl_objects.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

/* Columns of pg_event_trigger_ddl_commands(). */
enum
{
	ALTERED_CLASS = 1,
	ALTERED_OBJECT,
	ALTERED_SUBOBJECT,
	ALTERED_COMMAND = 9
};

/* Columns of pg_event_trigger_dropped_objects(). */
enum
{
	DROPPED_CLASS = 1,
	DROPPED_OBJECT,
	DROPPED_SUBOBJECT,
	DROPPED_IS_ORIGINAL,
	DROPPED_IS_NORMAL,
	DROPPED_IS_TEMPORARY,
	DROPPED_TYPE,
	DROPPED_SCHEMA,
	DROPPED_NAME
};

typedef void *(*RowReader) (TupleTableSlot *slot);

/* Calls a function without arguments; what reader makes of its rows, but NULLs. */
static List *
read_rows(Oid function_id, RowReader reader)
{
	LOCAL_FCINFO(fcinfo, 0);
	FmgrInfo	function;
	ExprContext *econtext = CreateStandaloneExprContext();
	ReturnSetInfo info = {.type = T_ReturnSetInfo,.econtext = econtext,.allowedModes = SFRM_Materialize};
	TupleTableSlot *slot;
	List	   *result = NIL;

	fmgr_info(function_id, &function);
	InitFunctionCallInfoData(*fcinfo, &function, 0, InvalidOid, NULL, (Node *) &info);
	(void) FunctionCallInvoke(fcinfo);
	slot = MakeSingleTupleTableSlot(info.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(info.setResult, true, false, slot))
	{
		void	   *row = reader(slot);

		if (row != NULL)
			result = lappend(result, row);
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(info.setResult);
	FreeExprContext(econtext, true);
	return result;
}

static Datum
get(TupleTableSlot *slot, int column)
{
	bool		is_null;
	Datum		datum = slot_getattr(slot, column, &is_null);

	return is_null ? (Datum) 0 : datum;
}

static char *
get_text(TupleTableSlot *slot, int column)
{
	bool		is_null;
	Datum		datum = slot_getattr(slot, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(datum);
}

/* What has no address (GRANT) is no object. */
static void *
read_altered(TupleTableSlot *slot)
{
	DdlObject  *object;

	if (!OidIsValid(DatumGetObjectId(get(slot, ALTERED_OBJECT))))
		return NULL;
	object = palloc(sizeof(DdlObject));
	object->address.classId = DatumGetObjectId(get(slot, ALTERED_CLASS));
	object->address.objectId = DatumGetObjectId(get(slot, ALTERED_OBJECT));
	object->address.objectSubId = DatumGetInt32(get(slot, ALTERED_SUBOBJECT));
	object->command = (const CollectedCommand *) DatumGetPointer(get(slot, ALTERED_COMMAND));
	return object;
}

static void *
read_dropped(TupleTableSlot *slot)
{
	DroppedObject *object = palloc(sizeof(DroppedObject));

	object->address.classId = DatumGetObjectId(get(slot, DROPPED_CLASS));
	object->address.objectId = DatumGetObjectId(get(slot, DROPPED_OBJECT));
	object->address.objectSubId = DatumGetInt32(get(slot, DROPPED_SUBOBJECT));
	object->is_temporary = DatumGetBool(get(slot, DROPPED_IS_TEMPORARY));
	object->is_named = DatumGetBool(get(slot, DROPPED_IS_ORIGINAL));
	object->is_asked_for = DatumGetBool(get(slot, DROPPED_IS_ORIGINAL)) ||
		DatumGetBool(get(slot, DROPPED_IS_NORMAL));
	object->type = get_text(slot, DROPPED_TYPE);
	object->schema_name = get_text(slot, DROPPED_SCHEMA);
	object->name = get_text(slot, DROPPED_NAME);
	return object;
}

List *
ddl_objects_altered(void)
{
	return read_rows(F_PG_EVENT_TRIGGER_DDL_COMMANDS, read_altered);
}

List *
ddl_objects_dropped(void)
{
	return read_rows(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, read_dropped);
}
