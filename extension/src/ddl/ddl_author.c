/*-------------------------------------------------------------------------
 *
 * ddl_author.c
 *	  Event trigger: who may make a rule, and whose rights its queries have.
 *
 * A trigger function cannot tell who created its trigger, and its owner is not asked
 * when the table gets another one: so what may be asked only now is written down now,
 * in uncache.admissions, and for people and dumps in the trigger's arguments.  Runs as
 * whoever issues the command.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/guarded.h"
#include "base/warning.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "compile/rule_compile.h"
#include "ddl/ddl_guarded.h"
#include "ddl/ddl_objects.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "guard/admission_use.h"
#include "guard/user_code.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "rule/rule_author.h"
#include "rule/rule_scan.h"
#include "rule/trigger_arguments.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(uncache_admit_rules);

/* Whoever may call this makes rules; and nobody has to name that function to make one. */
static bool
is_author(Oid role_id)
{
	const Oid	types[] = {REGCLASSOID, TEXTARRAYOID};
	Oid			function_id =
	GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("watch"),
					PointerGetDatum(buildoidvector(types, lengthof(types))),
					ObjectIdGetDatum(get_namespace_oid(CATALOG_SCHEMA, true)));

	return OidIsValid(function_id) ? compat_may_execute(function_id, role_id) :
		superuser_arg(role_id);
}

static void
check_may_make_rules(Oid relation_id)
{
	if (!is_author(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to create a rule of uncache on table \"%s\"", get_rel_name(relation_id)),
				 errhint("Let a superuser SELECT uncache.grant_author(%s).",
						 quote_literal_cstr(quote_identifier(GetUserNameFromId(GetUserId(), false))))));
}

static void
check_may_lend(Oid relation_id, Oid role_id)
{
	if (!has_privs_of_role(GetUserId(), rule_author_owner(relation_id)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table \"%s\" to create a rule with a query on it", get_rel_name(relation_id)),
				 errhint("The query runs with the privileges of the table's owner.")));
	if (OidIsValid(role_id) && !has_privs_of_role(GetUserId(), role_id))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must have the privileges of role \"%s\" to create a rule whose query runs with them",
						GetUserNameFromId(role_id, false)),
				 errhint("Call uncache.watch: the query then runs with the privileges of the table's owner.")));
}

static void
warn_of_missing(Oid relation_id, const RuleAuthor *author)
{
	const Warning warning = {
		.level = WARNING,
		.code = ERRCODE_UNDEFINED_OBJECT,
		.message = psprintf("role \"%s\", with whose privileges the queries of a rule on table \"%s\" are to run, does not exist",
							author->name, get_rel_name(relation_id)),
		.hint = "They are not run, and broader patterns are deleted instead. Call uncache.watch again."
	};

	warning_report(&warning);
}

/*
 * Whoever has that oid is not he who was meant, and the name is for people to read.  A
 * later dump carries it to where there may be such a role: so it has to come from one.
 */
static RuleAuthor
missing_author(Oid relation_id, RuleAuthor author)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", author.name),
				 errdetail("The queries of a rule on table \"%s\" are to run with its privileges.", get_rel_name(relation_id)),
				 errhint("Call uncache.watch, or let a superuser restore the rule.")));
	warn_of_missing(relation_id, &author);
	author.role_id = InvalidOid;
	author.is_superuser = false;
	return author;
}

/* By his name, which counts in another cluster, or the role that had it in this one. */
static Oid
find_role(const RuleAuthor *dumped)
{
	Oid			role_id = get_role_oid(dumped->name, true);
	const char *problem;
	const char *detail;

	return OidIsValid(role_id) ? role_id : rule_author_find_role(dumped, &problem, &detail);
}

/*
 * An author who is named already comes from a dump, which makes nobody a superuser who
 * was none.
 */
static RuleAuthor
find_author(Oid relation_id, const RuleAuthor *dumped)
{
	RuleAuthor	author;
	Oid			role_id;

	if (dumped == NULL)
	{
		check_may_lend(relation_id, InvalidOid);
		return rule_author_of_role(rule_author_owner(relation_id));
	}
	role_id = find_role(dumped);
	check_may_lend(relation_id, role_id);
	if (!OidIsValid(role_id))
		return missing_author(relation_id, *dumped);
	author = rule_author_of_role(role_id);
	author.is_superuser &= dumped->is_superuser;
	return author;
}

/* --- writing it down --- */

/* For whoever reads the arguments, and for a dump. */
static StringArray
put_author(Relation triggers, HeapTuple tuple, const RuleAuthor *author)
{
	StringArray arguments = trigger_arguments_read(triggers, tuple);
	int			skipped = rule_author_count(arguments.strings, arguments.count);
	StringArray replaced = {NULL, arguments.count - skipped + 1};

	replaced.strings = palloc(replaced.count * sizeof(char *));
	replaced.strings[0] = rule_author_format(author);
	memcpy(replaced.strings + 1, arguments.strings + skipped,
		   (arguments.count - skipped) * sizeof(char *));
	trigger_arguments_write(triggers, tuple,
							NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname), &replaced);
	return replaced;
}

/* The trigger of that name on a table, if it is a clone of one of these. */
static HeapTuple
find_clone(Relation triggers, Oid relation_id, const char *name, const List *cloned)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation_id));
	ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple) &&
		list_member_oid(cloned, ((Form_pg_trigger) GETSTRUCT(tuple))->tgparentid))
		tuple = heap_copytuple(tuple);
	else
		tuple = NULL;
	systable_endscan(scan);
	return tuple;
}

/* Parents come before their partitions; new clones have the name of what they are of. */
static void
put_author_into_clones(Relation triggers, HeapTuple tuple, const RuleAuthor *author)
{
	const char *name = NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname);
	Oid			relation_id = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	List	   *cloned = list_make1_oid(((Form_pg_trigger) GETSTRUCT(tuple))->oid);
	ListCell   *cell;

	if (get_rel_relkind(relation_id) != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(cell, find_all_inheritors(relation_id, NoLock, NULL))
	{
		HeapTuple	clone = find_clone(triggers, lfirst_oid(cell), name, cloned);

		if (clone == NULL)
			continue;
		(void) put_author(triggers, clone, author);
		cloned = lappend_oid(cloned, ((Form_pg_trigger) GETSTRUCT(clone))->oid);
	}
}

/* What finding out what a rule's queries use works on. */
typedef struct Use
{
	const RuleTrigger *rule;
	const RuleAuthor *author;
	List	   *used;			/* the result: ObjectAddress * */
	StringArray objects;		/* and the texts of what is to be admitted */
} Use;

static void
find_use(void *argument)
{
	Use		   *use = argument;
	Relation	relation = table_open(use->rule->relation_id, AccessShareLock);
	RuleAnalysis analysis = rule_analyze(relation, use->rule->action, use->rule->arguments.strings,
										 use->rule->arguments.count, RULE_SCRUTINY_ALL);

	use->used = analysis.objects;
	use->objects = admission_use_describe(analysis.objects);
	table_close(relation, NoLock);
}

static void
check_use(void *argument)
{
	const Use  *use = argument;
	const Admission admission = {*use->author, use->objects};

	admission_use_check(&admission, use->used);
	(void) user_code_check(use->used);
}

static void
report_not_run(const RuleTrigger *rule, const ErrorData *error)
{
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("queries of rule \"%s\" on table \"%s\" are not run: %s", rule->name,
							get_rel_name(rule->relation_id), error->message),
		.detail = error->detail,
		.hint = psprintf("%s Until then, broader patterns are deleted instead.",
						 error->hint == NULL ? "Call uncache.watch again." : error->hint)
	};

	warning_report(&warning);
}

/* It is not run if it uses other people's types. */
static void
warn_of_use(Use *use, const RuleAuthor *author)
{
	ErrorData  *error;

	use->author = author;
	error = OidIsValid(author->role_id) && use->rule->is_for_rows ? guarded_call(check_use, use) : NULL;
	if (error != NULL)
		report_not_run(use->rule, error);
}

/*
 * What is restored is meant to use what it did: somebody may have planted what it would use
 * now before it was dumped, and it was not run.  What belongs to the author, to a superuser, or to
 * whoever restores, who has the author's rights, does no harm whatever it was called.
 */
static void
choose_use(Use *use, RuleAuthor *author, const RuleAuthor *dumped)
{
	const char *digest = admission_use_digest(use->used);
	StringArray owned;

	if (dumped != NULL && strcmp(digest, dumped->use) != 0)
	{
		owned = admission_use_describe_owned(use->used, author->role_id);
		if (owned.count < use->objects.count)
		{
			use->objects = owned;
			digest = dumped->use;
		}
	}
	strlcpy(author->use, digest, sizeof(author->use));
}

/* Of a rule that makes no sense nothing is admitted, and it is not run. */
static Use
decide_use(Oid trigger_id, RuleAuthor *author, const RuleAuthor *dumped)
{
	Use			use = {.rule = rule_scan_trigger(trigger_id)};

	if (guarded_call(find_use, &use) == NULL)
		choose_use(&use, author, dumped);
	else
	{
		use.used = NIL;
		use.objects.count = 0;
		if (dumped != NULL)
			strlcpy(author->use, dumped->use, sizeof(author->use));
	}
	return use;
}

static void
admit_queries(Relation triggers, HeapTuple tuple)
{
	StringArray arguments = trigger_arguments_read(triggers, tuple);
	RuleAuthor	dumped;
	bool		is_dumped = arguments.count > 0 && rule_author_parse(arguments.strings[0], &dumped);
	RuleAuthor	author = find_author(((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid, is_dumped ? &dumped : NULL);
	Use			use = decide_use(((Form_pg_trigger) GETSTRUCT(tuple))->oid, &author, is_dumped ? &dumped : NULL);

	arguments = put_author(triggers, tuple, &author);
	put_author_into_clones(triggers, tuple, &author);
	CommandCounterIncrement();
	admission_put(use.rule, &arguments, &author, &use.objects);
	warn_of_use(&use, &author);
}

static void
admit(Relation triggers, Oid trigger_id)
{
	HeapTuple	tuple = trigger_arguments_find_trigger(triggers, trigger_id);
	RuleAction	action;

	if (tuple == NULL ||
		!trigger_arguments_find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action))
		return;
	check_may_make_rules(((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid);
	if (rule_action_has_queries(action))
		admit_queries(triggers, tuple);
}

/* --- the command --- */

/*
 * Told from the names in the statement: to look them up again would find what somebody
 * has made meanwhile.
 */
static bool
may_make_rule(const CreateTrigStmt *statement)
{
	RuleAction	action;
	const List *name = statement->funcname;

	/* a database's name may stand in front */
	return rule_action_parse(strVal(llast(name)), &action) &&
		(list_length(name) == 1 ||
		 strcmp(strVal(list_nth(name, list_length(name) - 2)), CATALOG_SCHEMA) == 0);
}

static bool
may_make_rules(const Node *statement)
{
	ListCell   *cell;

	if (IsA(statement, CreateTrigStmt))
		return may_make_rule((const CreateTrigStmt *) statement);
	if (!IsA(statement, CreateSchemaStmt))
		return false;
	foreach(cell, ((const CreateSchemaStmt *) statement)->schemaElts)
	{
		if (IsA(lfirst(cell), CreateTrigStmt) && may_make_rule(lfirst(cell)))
			return true;
	}
	return false;
}

static void
refuse_unseen(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a rule of uncache cannot be created here"),
			 errdetail("PostgreSQL does not report commands inside REFRESH MATERIALIZED VIEW and the like to event triggers."),
			 errhint("Create it with a command of its own.")));
}

/* A trigger that was made, and that PostgreSQL does not tell of, is not admitted. */
static void
admit_all(void *argument)
{
	Relation	triggers = table_open(TriggerRelationId, RowExclusiveLock);
	bool		any_is_seen = false;
	ListCell   *cell;

	foreach(cell, ddl_objects_altered())
	{
		const ObjectAddress *address = &((const DdlObject *) lfirst(cell))->address;

		if (address->classId != TriggerRelationId)
			continue;
		admit(triggers, address->objectId);
		any_is_seen = true;
	}
	table_close(triggers, RowExclusiveLock);
	if (!any_is_seen)
		refuse_unseen();
}

/* admit_rules(): event trigger on ddl_command_end of what creates triggers */
Datum
uncache_admit_rules(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("uncache_internal.admit_rules: must be called as event trigger")));
	if (may_make_rules(((const EventTriggerData *) fcinfo->context)->parsetree))
		ddl_with_snapshot(admit_all, NULL);
	PG_RETURN_NULL();
}
