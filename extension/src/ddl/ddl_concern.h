/*-------------------------------------------------------------------------
 *
 * ddl_concern.h
 *	  Which commands can concern a rule at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_CONCERN_H
#define UNCACHE_DDL_CONCERN_H

#include "nodes/parsenodes.h"

/* Told from a command that has been carried out, before anything else is looked up. */
extern bool ddl_concern_may_matter(const Node *statement);

/*
 * PostgreSQL has told of nothing that such a command has altered: has it altered something
 * all the same that a rule, or a watched schema, is concerned with?
 */
extern bool ddl_concern_is_missing(const Node *statement);

#endif
