"""BillGenerator: GET endpoints are cached for 5 minutes, and nothing here invalidates them."""

import psycopg2.extras
from flask import Flask, request
from flask_caching import Cache

from tagged import tag

cache = Cache()
database = None                 # a psycopg2 connection
TABLES = {"users": ("name", "email"), "products": ("name", "price"),
          "invoices": ("user_id", "status", "issued_on")}


def query(sql, *parameters):
    with database.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(sql, parameters)
        return [{name: value if isinstance(value, int) else str(value) for name, value in row.items()}
                for row in cursor.fetchall()]


INVOICES = ("SELECT i.*, u.name AS user, (SELECT sum(quantity * price) FROM bill.items t"
            " WHERE t.invoice_id = i.id) AS total FROM bill.invoices i JOIN bill.users u ON u.id = user_id")


def load_list(table):
    if table == "invoices":
        return query(INVOICES + " ORDER BY i.id")
    return query(f"SELECT * FROM bill.{table} ORDER BY id")


def load_one(table, row_id):
    if table != "invoices":
        return query(f"SELECT * FROM bill.{table} WHERE id = %s", row_id)
    rows = query(INVOICES + " WHERE i.id = %s", row_id)
    for row in rows:
        row["items"] = query("SELECT t.id, p.name, quantity, t.price FROM bill.items t"
                             " JOIN bill.products p ON p.id = product_id"
                             " WHERE invoice_id = %s ORDER BY t.id", row_id)
    return rows


@cache.memoize(300)
def user_balance(user_id):
    """What the user has not paid."""
    return query("SELECT coalesce(sum(quantity * price), 0) AS open FROM bill.items t"
                 " JOIN bill.invoices i ON i.id = invoice_id"
                 " WHERE user_id = %s AND status = 'open'", user_id)[0]["open"]


class Invoice:
    def __init__(self, invoice_id):
        self.id = invoice_id

    def __caching_id__(self, _):
        """What stands for the invoice in the names of memoized results."""
        return str(self.id)

    @cache.memoize(300)
    def total(self):
        return query("SELECT coalesce(sum(quantity * price), 0) AS total FROM bill.items"
                     " WHERE invoice_id = %s", self.id)[0]["total"]


def create_app(config):
    """The same application with and without a cache."""
    app = Flask("bill_generator")
    app.config.update(config)
    cache.init_app(app)

    def list_rows(table):
        return load_list(table)

    def get_row(table, row_id):
        rows = load_one(table, row_id)
        return rows[0] if rows else ({"error": "not found"}, 404)

    for table in TABLES:
        def list_view(table=table):
            return list_rows(table)

        def one_view(row_id, table=table):
            return get_row(table, row_id)

        app.add_url_rule(f"/api/{table}", f"list_{table}", cache.cached(timeout=300)(list_view))
        app.add_url_rule(f"/api/{table}/<int:row_id>", f"get_{table}", cache.cached(timeout=300)(one_view))

    @app.get("/api/search")
    @cache.cached(timeout=300, query_string=True)
    def search():
        """Invoices of a user by status: the key has a hash of the arguments."""
        user_id = request.args["user"]
        rows = query(INVOICES + " WHERE i.user_id = %s AND i.status = %s ORDER BY i.id",
                     user_id, request.args.get("status", "open"))
        tag("users", f"invoices_of:{user_id}", *(f"invoice:{row['id']}" for row in rows))
        return rows

    @app.get("/api/report")
    @cache.cached(timeout=300, query_string=True)
    def report():
        """All invoices by month."""
        tag("invoices", "products")
        return query("SELECT date_trunc('month', issued_on)::date AS month, count(*),"
                     " sum(quantity * t.price) AS total, min(p.name) AS first"
                     " FROM bill.invoices i JOIN bill.items t ON i.id = invoice_id"
                     " JOIN bill.products p ON p.id = product_id"
                     " WHERE issued_on >= %s GROUP BY 1 ORDER BY 1",
                     request.args.get("from", "2025-01-01"))

    @app.post("/api/<table>")
    def create(table):
        columns = [name for name in TABLES[table] if name in request.json]
        return query(f"INSERT INTO bill.{table} ({', '.join(columns)}) VALUES"
                     f" ({', '.join(['%s'] * len(columns))}) RETURNING *",
                     *(request.json[name] for name in columns))[0], 201

    @app.put("/api/<table>/<int:row_id>")
    def update(table, row_id):
        columns = [name for name in TABLES[table] if name in request.json]
        return query(f"UPDATE bill.{table} SET {', '.join(f'{name} = %s' for name in columns)}"
                     " WHERE id = %s RETURNING *", *(request.json[name] for name in columns), row_id)

    @app.delete("/api/<table>/<int:row_id>")
    def delete(table, row_id):
        return query(f"DELETE FROM bill.{table} WHERE id = %s RETURNING *", row_id)

    return app
