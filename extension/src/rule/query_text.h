/*-------------------------------------------------------------------------
 *
 * query_text.h
 *	  The text of a rule's query: its SQL, and what can be told from it about
 *	  the keys that it returns.
 *
 * Nothing here looks into a catalog: it works for a table that is gone as well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_QUERY_TEXT_H
#define UNCACHE_QUERY_TEXT_H

#include "nodes/pg_list.h"

/*
 * Is an argument a query rather than a template: does it begin with SELECT,
 * WITH, VALUES or TABLE?
 */
extern bool query_text_is_query(const char *argument);

/*
 * Makes SQL of it: placeholder n becomes " $n ".  Their texts, TemplateParts that
 * borrow from the argument, go to *placeholders.  Raises what is wrong.
 */
extern char *query_text_sql(const char *argument, List **placeholders);

/*
 * Templates of globs (char *) that match whatever the query returns, as its text
 * shows: 'invoice:' || x gives "invoice:*".  NIL if it does not show.  Raises
 * what the parser raises, and if a placeholder stands where it is not read as
 * one, in quotes.
 */
extern List *query_text_globs(const char *sql, int placeholder_count);

#endif
