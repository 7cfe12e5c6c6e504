"""ISP billing: the four kinds of keys of its document, and every trigger of its table."""

import unittest

import redis

from app import (CREDIT_NOTES_TTL, DISCOUNTS_TTL, INVOICE_TTL, TAX_RATE_TTL, Billing, Cache)
from system import System, main

TAX_RATES = [("DE", "BY"), ("DE", "HH"), ("US", "CA"), ("CA", "ON")]
INVOICES = range(1, 61)
USERS = range(1, 41)


def setUpModule():
    global system, billing
    system = System("isp_billing", {"default": {}})
    billing = Billing(system.connect(), Cache(system.redis()))


def tearDownModule():
    system.close()


def fill():
    for country, region in TAX_RATES:
        billing.get_tax_rate(country, region)
    billing.get_active_discounts()
    for invoice_id in INVOICES:
        billing.get_invoice_details(invoice_id)
    for user_id in USERS:
        billing.get_user_credit_notes(user_id)


def load(key):
    """What the key's value should be, from the database alone."""
    kind, *arguments = key.split(":")
    loaders = {"tax_rate": billing.load_tax_rate,
               "active_discounts": billing.load_active_discounts,
               "invoice": billing.load_invoice_details,
               "user_credit_notes": billing.load_user_credit_notes}
    return loaders[kind](*arguments)


def stale_keys():
    return [key for key in system.keys() if billing.cache.cache_get(key) != load(key)]


class IspBilling(unittest.TestCase):

    def setUp(self):
        fill()
        self.before = set(system.keys())
        self.assertEqual(len(self.before), len(TAX_RATES) + 1 + len(INVOICES) + len(USERS))

    def expect_gone(self, *keys):
        """Exactly these have gone; what stays is as the database has it."""
        system.settle()
        self.assertEqual(self.before - set(system.keys()), set(keys))
        self.assertEqual(stale_keys(), [])

    # --- tax rates ---

    def test_tax_rate_is_updated(self):
        system.psql("UPDATE billing.tax_rate SET percent = percent + 1"
                    " WHERE country = 'DE' AND region = 'BY'")
        self.expect_gone("tax_rate:DE:BY")

    def test_tax_rate_appears_where_none_was_cached(self):
        billing.get_tax_rate("DE", "XX")
        system.psql("INSERT INTO billing.tax_rate VALUES ('DE', 'XX', 'USt', 19)")
        self.expect_gone()
        self.assertEqual(billing.get_tax_rate("DE", "XX")[0]["name"], "USt")
        system.psql("DELETE FROM billing.tax_rate WHERE region = 'XX'")
        system.settle()
        self.assertEqual(billing.get_tax_rate("DE", "XX"), [])
        system.redis().delete("tax_rate:DE:XX")

    def test_tax_rate_that_moves_goes_from_both_regions(self):
        system.psql("UPDATE billing.tax_rate SET region = 'H2' WHERE region = 'HH'")
        self.expect_gone("tax_rate:DE:HH")
        fill()
        system.psql("UPDATE billing.tax_rate SET region = 'HH' WHERE region = 'H2'")
        self.expect_gone("tax_rate:DE:HH")

    def test_all_tax_rates_are_updated(self):
        system.psql("UPDATE billing.tax_rate SET percent = percent + 0.25")
        self.expect_gone(*(f"tax_rate:{country}:{region}" for country, region in TAX_RATES))

    # --- discounts ---

    def test_discount_is_updated(self):
        system.psql("UPDATE billing.discount SET percent = 26 WHERE code = 'SPRING25'")
        self.expect_gone("active_discounts")

    def test_discount_is_switched_on_and_off(self):
        for is_active in ("true", "false"):
            fill()
            system.psql(f"UPDATE billing.discount SET is_active = {is_active} WHERE code = 'LAUNCH'")
            self.expect_gone("active_discounts")

    def test_discount_is_applied_to_an_invoice(self):
        system.psql("INSERT INTO billing.invoice_discount SELECT 7, id, 1.5 FROM billing.discount"
                    " WHERE code = 'FIBRE10'")
        self.expect_gone("active_discounts", "invoice:7")

    def test_discount_is_used_up(self):
        system.psql("UPDATE billing.discount SET max_uses = (SELECT count(*) + 1"
                    " FROM billing.invoice_discount i WHERE i.discount_id = discount.id)"
                    " WHERE code = 'STUDENT'")
        system.settle()
        fill()
        self.assertIn("STUDENT", [d["code"] for d in billing.get_active_discounts()])
        system.psql("INSERT INTO billing.invoice_discount SELECT 3999, id, 1 FROM billing.discount"
                    " WHERE code = 'STUDENT'")
        self.expect_gone("active_discounts")
        self.assertNotIn("STUDENT", [d["code"] for d in billing.get_active_discounts()])

    # --- invoices ---

    def test_invoice_is_modified(self):
        system.psql("UPDATE billing.invoice SET status = 'void' WHERE id IN (1, 2)")
        self.expect_gone("invoice:1", "invoice:2")

    def test_invoice_is_paid(self):
        system.psql("INSERT INTO billing.payment (invoice_id, amount, method, paid_on)"
                    " VALUES (3, 9.99, 'card', '2025-03-01')")
        self.expect_gone("invoice:3")

    def test_payment_was_booked_on_the_wrong_invoice(self):
        system.psql("INSERT INTO billing.payment (invoice_id, amount, method, paid_on)"
                    " VALUES (4, 7.77, 'card', '2025-03-01')")
        system.settle()
        fill()
        system.psql("UPDATE billing.payment SET invoice_id = 5 WHERE amount = 7.77")
        self.expect_gone("invoice:4", "invoice:5")

    def test_taxes_lines_and_discounts_of_an_invoice_change(self):
        system.psql("UPDATE billing.invoice_tax SET percent = 7 WHERE invoice_id = 11")
        system.psql("DELETE FROM billing.invoice_line WHERE invoice_id = 12")
        system.psql("UPDATE billing.invoice_discount SET amount = 0.5 WHERE invoice_id = 15")
        self.expect_gone("invoice:11", "invoice:12", "invoice:15", "active_discounts")

    def test_payments_are_loaded_in_bulk(self):
        rows = "".join(f"{invoice}\t1.00\ttransfer\t2025-04-01\n" for invoice in range(20, 2000))
        system.psql("COPY billing.payment (invoice_id, amount, method, paid_on) FROM STDIN;\n"
                    + rows + "\\.\n")
        self.expect_gone(*(f"invoice:{invoice}" for invoice in range(20, 61)))

    # --- credit notes ---

    def test_credit_note_is_created(self):
        system.psql("INSERT INTO billing.credit_note (user_id, reason, amount, remaining)"
                    " VALUES (9, 'outage', 5, 5)")
        self.expect_gone("user_credit_notes:9")

    def test_credit_note_is_applied(self):
        system.psql("UPDATE billing.credit_note SET remaining = 0 WHERE user_id = 10")
        self.expect_gone("user_credit_notes:10")
        self.assertEqual(billing.get_user_credit_notes(10), [])

    # --- all of them ---

    def test_user_is_deleted_with_all_that_belongs_to_him(self):
        ((user_id,),) = system.query("SELECT user_id FROM billing.invoice WHERE id = 33")
        invoices = system.query("SELECT id FROM billing.invoice WHERE user_id = %s", user_id)
        gone = {f"invoice:{invoice}" for (invoice,) in invoices} | {f"user_credit_notes:{user_id}"}
        if system.query("SELECT FROM billing.invoice_discount NATURAL JOIN"
                        " (SELECT id AS invoice_id FROM billing.invoice WHERE user_id = %s) i", user_id):
            gone.add("active_discounts")
        system.psql(f"DELETE FROM billing.users WHERE id = {user_id}")
        self.expect_gone(*(gone & self.before))
        self.assertEqual(billing.get_invoice_details(33)["invoice"], [])

    def test_what_is_rolled_back_stays(self):
        system.psql("BEGIN; UPDATE billing.invoice SET status = 'draft';"
                    " DELETE FROM billing.credit_note; ROLLBACK")
        self.expect_gone()

    def test_times_to_live_are_the_application_s(self):
        system.psql("UPDATE billing.invoice SET due_on = due_on + 1 WHERE id = 1")
        system.settle()
        fill()
        for key, ttl in (("tax_rate:DE:BY", TAX_RATE_TTL), ("active_discounts", DISCOUNTS_TTL),
                         ("invoice:1", INVOICE_TTL), ("invoice:2", INVOICE_TTL),
                         ("user_credit_notes:1", CREDIT_NOTES_TTL)):
            self.assertGreater(system.redis().ttl(key), ttl - 60)
            self.assertLessEqual(system.redis().ttl(key), ttl)

    def test_without_the_daemon_values_would_be_stale(self):
        with system.daemon_stopped():
            system.psql("UPDATE billing.tax_rate SET percent = percent + 1 WHERE country = 'CA';"
                        " UPDATE billing.invoice SET status = 'draft' WHERE id = 50")
            self.assertEqual(stale_keys(), ["invoice:50", "tax_rate:CA:ON"])
        self.expect_gone("invoice:50", "tax_rate:CA:ON")

    def test_without_redis_the_application_reads_the_database(self):
        without = Billing(billing.connection, Cache(redis.Redis(unix_socket_path="/nowhere")))
        self.assertEqual(without.get_invoice_details(1), billing.load_invoice_details(1))


if __name__ == "__main__":
    main()
