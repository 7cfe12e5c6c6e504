"""The billing module's cache as the platform's document describes it, with redis-py.

What is missing is what the document calls proactive invalidation: no function
here deletes anything.
"""

import contextlib
import json

import redis

TAX_RATE_TTL = 24 * 3600
DISCOUNTS_TTL = 3600
INVOICE_TTL = 300
CREDIT_NOTES_TTL = 600


class Cache:
    """Core functions: without Redis everything is a miss."""

    def __init__(self, client):
        self.client = client

    def cache_set(self, key, data, expiry=None):
        with contextlib.suppress(redis.RedisError):
            self.client.set(key, json.dumps(data, default=str), ex=expiry)

    def cache_get(self, key):
        try:
            data = self.client.get(key)
        except redis.RedisError:
            return None
        return None if data is None else json.loads(data)


class Billing:
    """Reads through the cache; load_* read the database alone."""

    def __init__(self, connection, cache):
        self.connection = connection
        self.cache = cache

    def _query(self, sql, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
        return json.loads(json.dumps(rows, default=str))

    def _cached(self, key, ttl, load, *arguments):
        data = self.cache.cache_get(key)
        if data is None:
            data = load(*arguments)
            self.cache.cache_set(key, data, ttl)
        return data

    # --- tax rates ---

    def load_tax_rate(self, country, region):
        return self._query("SELECT name, percent FROM billing.tax_rate"
                           " WHERE country = %s AND region = %s", country, region)

    def get_tax_rate(self, country, region):
        return self._cached(f"tax_rate:{country}:{region}", TAX_RATE_TTL,
                            self.load_tax_rate, country, region)

    # --- discounts ---

    def load_active_discounts(self):
        return self._query("SELECT * FROM (SELECT code, percent, max_uses - (SELECT count(*)"
                           " FROM billing.invoice_discount i WHERE i.discount_id = d.id) AS uses_left"
                           " FROM billing.discount d WHERE is_active ORDER BY code) AS d"
                           " WHERE uses_left > 0 OR uses_left IS NULL")

    def get_active_discounts(self):
        return self._cached("active_discounts", DISCOUNTS_TTL, self.load_active_discounts)

    # --- invoices ---

    def load_invoice_details(self, invoice_id):
        details = {"invoice": self._query("SELECT * FROM billing.invoice WHERE id = %s", invoice_id)}
        for part in ("invoice_line", "invoice_tax", "invoice_discount", "payment"):
            details[part] = self._query(f"SELECT * FROM billing.{part} AS p WHERE invoice_id = %s"
                                        " ORDER BY p", invoice_id)
        return details

    def get_invoice_details(self, invoice_id):
        return self._cached(f"invoice:{invoice_id}", INVOICE_TTL,
                            self.load_invoice_details, invoice_id)

    # --- credit notes ---

    def load_user_credit_notes(self, user_id):
        return self._query("SELECT id, reason, amount, remaining FROM billing.credit_note"
                           " WHERE user_id = %s AND remaining > 0 ORDER BY id", user_id)

    def get_user_credit_notes(self, user_id):
        return self._cached(f"user_credit_notes:{user_id}", CREDIT_NOTES_TTL,
                            self.load_user_credit_notes, user_id)
