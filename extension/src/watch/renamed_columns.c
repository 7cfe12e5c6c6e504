/*-------------------------------------------------------------------------
 *
 * renamed_columns.c
 *	  What a rule was written for, when columns have got other names since:
 *	  uncache.renamed_columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "own/catalog.h"
#include "own/own_sql.h"
#include "watch/renamed_columns.h"

bool
renamed_columns_is_empty(void)
{
	return catalog_is_empty(catalog_renamed_columns_id());
}

static RenamedColumns *
as_written_now(const RuleTrigger *rule)
{
	RenamedColumns *renamed = palloc0(sizeof(RenamedColumns));

	renamed->arguments = rule->arguments;
	return renamed;
}

/* A row with one column is an argument, one with two a renamed column. */
static RenamedColumns *
read_rows(const List *rows)
{
	RenamedColumns *renamed = palloc0(sizeof(RenamedColumns));
	ListCell   *cell;

	renamed->arguments.strings = palloc(list_length(rows) * sizeof(char *));
	foreach(cell, rows)
	{
		char	  **row = lfirst(cell);
		RenamedColumn *column;

		if (row[1] == NULL)
		{
			renamed->arguments.strings[renamed->arguments.count++] = row[0];
			continue;
		}
		column = palloc(sizeof(RenamedColumn));
		column->written = row[0];
		column->followed = row[1];
		renamed->columns = lappend(renamed->columns, column);
	}
	return renamed;
}

RenamedColumns *
renamed_columns_get(const RuleTrigger *rule)
{
	const char *const key[] = {
		own_sql_oid(rule->relation_id), rule->name, own_sql_array(&rule->arguments)
	};
	List	   *rows;

	if (renamed_columns_is_empty())
		return as_written_now(rule);
	rows = own_sql_query("SELECT v.a, v.b FROM uncache.renamed_columns r,"
						 " LATERAL (SELECT a, NULL, n FROM unnest(r.arguments) WITH ORDINALITY AS u(a, n)"
						 " UNION ALL SELECT w, f, 100000 + n FROM unnest(r.written, r.followed) WITH ORDINALITY AS u(w, f, n)) AS v(a, b, n)"
						 " WHERE r.relation = $1::oid AND r.rule = $2::name AND r.present = $3::text[]"
						 " ORDER BY v.n", lengthof(key), key);
	return rows == NIL ? as_written_now(rule) : read_rows(rows);
}

static void
add(const RuleTrigger *rule, const StringArray *arguments, const RenamedColumns *renamed)
{
	int			count = list_length(renamed->columns);
	StringArray written = {palloc(count * sizeof(char *)), 0};
	StringArray followed = {palloc(count * sizeof(char *)), 0};
	const char *values[6];
	ListCell   *cell;

	foreach(cell, renamed->columns)
	{
		const RenamedColumn *column = lfirst(cell);

		written.strings[written.count++] = unconstify(char *, column->written);
		followed.strings[followed.count++] = unconstify(char *, column->followed);
	}
	values[0] = own_sql_oid(rule->relation_id);
	values[1] = rule->name;
	values[2] = own_sql_array(arguments);
	values[3] = own_sql_array(&renamed->arguments);
	values[4] = own_sql_array(&written);
	values[5] = own_sql_array(&followed);
	(void) own_sql_execute("INSERT INTO uncache.renamed_columns (relation, rule, present, arguments, written, followed)"
						   " VALUES ($1::oid, $2::name, $3::text[], $4::text[], $5::text[], $6::text[])",
						   lengthof(values), values);
}

void
renamed_columns_put(const RuleTrigger *rule, const StringArray *arguments, const RenamedColumns *renamed)
{
	renamed_columns_forget(rule->relation_id, rule->name);
	if (renamed->columns != NIL)
		add(rule, arguments, renamed);
}

void
renamed_columns_forget(Oid relation_id, const char *rule_name)
{
	const char *const key[] = {own_sql_oid(relation_id), rule_name == NULL ? "" : rule_name};

	if (!renamed_columns_is_empty())
		(void) own_sql_execute("DELETE FROM uncache.renamed_columns WHERE relation = $1::oid AND ($2 = '' OR rule = $2::name)",
							   lengthof(key), key);
}
