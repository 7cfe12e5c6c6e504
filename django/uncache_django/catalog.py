"""What the database says of tables: whether they are some, and what their columns are."""

from collections import namedtuple

# kind is pg_class.relkind; columns: name → Column; bases: the tables that a view shows.
Relation = namedtuple("Relation", "kind columns bases")

# type is the name of a type of PostgreSQL's own, "enum", or "" for any other.
Column = namedtuple("Column", "type is_exact")

RELATION = "SELECT oid, relkind FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%s)"

# Domains are what they are over.
COLUMNS = """
WITH RECURSIVE typed(name, type, collation_id) AS (
    SELECT attname, atttypid, attcollation
    FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT c.name, t.typbasetype, c.collation_id
    FROM typed c JOIN pg_catalog.pg_type t ON t.oid = c.type AND t.typtype = 'd'
)
SELECT c.name, CASE WHEN t.typtype = 'e' THEN 'enum' WHEN n.nspname = 'pg_catalog' THEN t.typname ELSE '' END,
    coalesce(l.collisdeterministic, true)
FROM typed c
    JOIN pg_catalog.pg_type t ON t.oid = c.type AND t.typtype <> 'd'
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = c.collation_id
"""

BASES = """
WITH RECURSIVE shown(oid) AS (
    SELECT %s::pg_catalog.oid
    UNION
    SELECT d.refobjid
    FROM shown s
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = s.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
)
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname)
FROM shown s
    JOIN pg_catalog.pg_class c ON c.oid = s.oid AND c.relkind IN ('r', 'p')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_|^information_schema$'
ORDER BY 1
"""


class Catalog:
    """Of one database.  A name is that of a table as SQL has it, quoted."""

    def __init__(self, connection):
        self.connection = connection

    def ask(self, query, parameter):
        with self.connection.cursor() as cursor:
            cursor.execute(query, [parameter])
            return cursor.fetchall()

    def relation(self, name):
        """The relation, or None if there is none of this name."""
        for oid, kind in self.ask(RELATION, name):
            columns = {column: Column(type_, is_exact) for column, type_, is_exact in self.ask(COLUMNS, oid)}
            bases = [base for (base,) in self.ask(BASES, oid)] if kind in ("v", "m") else []
            return Relation(kind, columns, bases)
        return None
