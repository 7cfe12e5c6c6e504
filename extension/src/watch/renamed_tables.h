/*-------------------------------------------------------------------------
 *
 * renamed_tables.h
 *	  Names that tables with rules have had:
 *	  uncache.renamed_tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RENAMED_TABLES_H
#define UNCACHE_RENAMED_TABLES_H

/* A table had this name, as well as others before. Where it has one of them again, what came after that is undone. */
extern void renamed_tables_put(Oid relation_id, const char *schema, const char *name);

/* The table that gave up its name to this one last, rather one of the same owner; or InvalidOid. */
extern Oid	renamed_tables_find_former(Oid relation_id);

/* What of the same owner had a table's name before does not matter any more. */
extern void renamed_tables_settle(Oid relation_id);

/* What name a table had does not matter any more. */
extern void renamed_tables_forget(Oid relation_id);

#endif
