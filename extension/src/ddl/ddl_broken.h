/*-------------------------------------------------------------------------
 *
 * ddl_broken.h
 *	  Warns of the rules that a command has broken.
 *
 * Rules of the tables that it touches are looked at again; for those of other tables
 * what they read was remembered when they were made.  Nothing of a rule is run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_BROKEN_H
#define UNCACHE_DDL_BROKEN_H

#include "catalog/objectaddress.h"
#include "nodes/parsenodes.h"

/* May a new trigger be a rule, told from the function's name, or change columns behind one? */
extern bool ddl_broken_may_be_by(const CreateTrigStmt *statement);

/* Remembers what the rule of a new trigger reads, and forgets what one of its name was; for any trigger. */
extern void ddl_broken_remember(Oid trigger_id);

/*
 * Warns of rules of the table, or of those that it is a partition of, which fire for
 * some columns only, if a new trigger may change others.
 */
extern void ddl_broken_warn_of_trigger(const CreateTrigStmt *statement);

/*
 * Warns of rules of these tables (OIDs) whose placeholders make no sense any more.  A
 * table that somebody else has locked is passed over.
 */
extern void ddl_broken_look_at(const List *relation_ids);

/* Warns of rules that read an object, any part of it if the subobject is 0, which is gone. */
extern void ddl_broken_warn_of_drop(const ObjectAddress *object);

/* The same of those that know it by another name than it has now. */
extern void ddl_broken_warn_of_rename(const ObjectAddress *object);

#endif
