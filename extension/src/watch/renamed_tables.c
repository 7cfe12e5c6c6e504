/*-------------------------------------------------------------------------
 *
 * renamed_tables.c
 *	  Names that tables with rules have had:
 *	  uncache.renamed_tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "own/catalog.h"
#include "own/own_sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "watch/renamed_tables.h"

static bool
is_empty(void)
{
	return catalog_is_empty(catalog_renamed_tables_id());
}

/* Schema and name of a table; false if there is none. */
static bool
get_names(Oid relation_id, const char **names)
{
	names[1] = get_rel_name(relation_id);
	names[0] = names[1] == NULL ? NULL : get_namespace_name(get_rel_namespace(relation_id));
	return names[0] != NULL;
}

void
renamed_tables_put(Oid relation_id, const char *schema, const char *name)
{
	const char *const row[] = {own_sql_oid(relation_id), schema, name};
	const char *present[2];

	(void) own_sql_execute("INSERT INTO uncache.renamed_tables (relation, schema, name, at)"
						   " VALUES ($1::oid, $2::name, $3::name, clock_timestamp()) ON CONFLICT (relation, schema, name) DO UPDATE SET at = excluded.at",
						   lengthof(row), row);
	if (get_names(relation_id, present))
	{
		const char *const settled[] = {row[0], present[0], present[1]};

		(void) own_sql_execute("DELETE FROM uncache.renamed_tables r USING uncache.renamed_tables again"
							   " WHERE again.relation = $1::oid AND again.schema = $2::name AND again.name = $3::name"
							   " AND r.relation = again.relation AND r.at >= again.at",
							   lengthof(settled), settled);
	}
}

Oid
renamed_tables_find_former(Oid relation_id)
{
	const char *key[3] = {NULL, NULL, own_sql_oid(relation_id)};
	List	   *rows;

	if (is_empty() || !get_names(relation_id, key))
		return InvalidOid;
	rows = own_sql_query("SELECT r.relation::text FROM uncache.renamed_tables r"
						 " JOIN pg_catalog.pg_class f ON f.oid = r.relation JOIN pg_catalog.pg_class c ON c.oid = $3::oid"
						 " WHERE r.schema = $1::name AND r.name = $2::name AND r.relation <> $3::oid"
						 " ORDER BY (f.relowner = c.relowner) DESC, r.at DESC LIMIT 1",
						 lengthof(key), key);
	return rows == NIL ? InvalidOid : atooid(((char **) linitial(rows))[0]);
}

void
renamed_tables_settle(Oid relation_id)
{
	const char *key[3] = {NULL, NULL, own_sql_oid(relation_id)};

	if (!is_empty() && get_names(relation_id, key))
		(void) own_sql_execute("DELETE FROM uncache.renamed_tables r USING pg_catalog.pg_class f, pg_catalog.pg_class c"
							   " WHERE r.schema = $1::name AND r.name = $2::name AND f.oid = r.relation AND c.oid = $3::oid"
							   " AND f.relowner = c.relowner", lengthof(key), key);
}

void
renamed_tables_forget(Oid relation_id)
{
	const char *const key[] = {own_sql_oid(relation_id)};

	if (!is_empty())
		(void) own_sql_execute("DELETE FROM uncache.renamed_tables WHERE relation = $1::oid", lengthof(key), key);
}
