"""BillGenerator: Flask-Caching's own keys, and the application's @cached decorator."""

import hashlib
import unittest

import app as application
from manager import CacheManager
from system import System, main

PREFIX = "flask_cache_"
TOTAL = PREFIX + "app.Invoice.total.{}_memver"
BALANCE = PREFIX + "app.user_balance_memver"
USERS = (1, 2, 8, 15)
INVOICES = (1, 2, 3, 7, 9, 14, 57)
PATHS = (["/api/users", "/api/products", "/api/invoices"]
         + [f"/api/users/{n}" for n in USERS] + [f"/api/products/{n}" for n in (1, 2, 3, 5, 8)]
         + [f"/api/invoices/{n}" for n in INVOICES]
         + [f"/api/search?user={n}&status={status}" for n in USERS for status in ("open", "paid")]
         + ["/api/report", "/api/report?from=2025-06-01"])


def setUpModule():
    global system, store, cached, uncached, manager, functions
    system = System("bill_generator", {"default": {"prefix": PREFIX}, "manager": {"prefix": "bill:"}})
    store = system.redis()
    application.database = system.connect()
    uncached = application.create_app({"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True})
    cached = application.create_app({"CACHE_TYPE": "tagged.TaggedRedisCache",
                                     "CACHE_REDIS_URL": system.url()})
    manager = CacheManager(store, "bill:")
    functions = make_functions()


def tearDownModule():
    application.database.close()
    store.close()
    system.close()


def make_functions():
    """Functions with the document's decorator, and arguments to call them with."""
    @manager.cached(expire=300, key=lambda user_id: user_id)
    def get_user(user_id):
        return application.load_one("users", user_id)

    @manager.cached(expire=300, key=lambda product_id: product_id)
    def get_product(product_id):
        return application.load_one("products", product_id)

    @manager.cached(expire=300)
    def get_invoices_of_user(user_id):
        return application.query(application.INVOICES.replace("u.name", "user_id")
                                 + " WHERE user_id = %s ORDER BY i.id", user_id)

    return {get_user: USERS, get_product: (1, 2, 3, 5, 8), get_invoices_of_user: USERS}


def get(path):
    response = cached.test_client().get(path)
    return response.status_code, response.json


def search_key(user, status):
    arguments = str((("status", status), ("user", str(user)))).encode()
    return f"{PREFIX}/api/search{hashlib.md5(arguments).hexdigest()}"


def report_key(*arguments):
    return f"{PREFIX}/api/report{hashlib.md5(str(arguments).encode()).hexdigest()}"


def results():
    """Everything that the application answers, as its caches have it."""
    answers = {path: get(path) for path in PATHS}
    with cached.app_context():
        answers.update({("balance", n): application.user_balance(n) for n in USERS})
        answers.update({("total", n): application.Invoice(n).total() for n in INVOICES})
    answers.update({(function.__name__, n): function(n)
                    for function, arguments in functions.items() for n in arguments})
    return answers


def truth():
    """The same from the database alone."""
    client = uncached.test_client()
    answers = {}
    for path in PATHS:
        response = client.get(path)
        answers[path] = response.status_code, response.json
    answers.update({("balance", n): application.user_balance.uncached(n) for n in USERS})
    answers.update({("total", n): application.Invoice.total.uncached(application.Invoice(n))
                    for n in INVOICES})
    answers.update({(function.__name__, n): function.uncached(n)
                    for function, arguments in functions.items() for n in arguments})
    return answers


def wrong_answers():
    right = truth()
    return sorted(str(what) for what, answer in results().items() if answer != right[what])


def names():
    """Keys with values: no tags."""
    return {key for key in system.keys() if "tag:" not in key}


def views(*paths):
    return {f"{PREFIX}view//api/{path}" for path in paths}


class BillGenerator(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        results()
        self.before = names()

    def expect_gone(self, *groups):
        """Exactly these of the keys have gone, and every answer is the database's."""
        system.settle()
        self.assertEqual(self.before - names(), set().union(*groups) & self.before)
        self.assertEqual(wrong_answers(), [])

    def test_keys_are_those_that_the_rules_name(self):
        for key in (views("invoices", "invoices/7", "users/1") | {BALANCE, TOTAL.format(7)}
                    | {search_key(1, "open"), report_key(), report_key(("from", "2025-06-01"))}
                    | {"bill:get_user:1", f"bill:get_invoices_of_user:{hashlib.md5(b'(1,){}').hexdigest()}"}):
            self.assertIn(key, self.before)
            self.assertGreater(store.ttl(key), 0)

    # --- the document's modules ---

    def test_invoice_is_created(self):
        answer = cached.test_client().post("/api/invoices", json={"user_id": 8, "issued_on": "2025-05-05"})
        self.assertEqual(answer.status_code, 201)
        self.expect_gone(views("invoices"), {BALANCE, search_key(8, "open"), search_key(8, "paid")},
                         {report_key(), report_key(("from", "2025-06-01"))},
                         {f"bill:get_invoices_of_user:{hashlib.md5(b'(8,){}').hexdigest()}"})

    def test_invoice_is_updated(self):
        ((user,),) = system.query("SELECT user_id FROM bill.invoices WHERE id = 7")
        self.assertNotIn(user, (2, 8, 15))
        cached.test_client().put("/api/invoices/7", json={"status": "void"})
        digest = hashlib.md5(f"({user},){{}}".encode()).hexdigest()
        self.expect_gone(views("invoices", "invoices/7"), {BALANCE, TOTAL.format(7)},
                         {search_key(user, "open"), search_key(user, "paid")},
                         {report_key(), report_key(("from", "2025-06-01"))},
                         {f"bill:get_invoices_of_user:{digest}"})

    def test_invoice_moves_to_another_user(self):
        system.psql("UPDATE bill.invoices SET user_id = CASE user_id WHEN 1 THEN 2 ELSE 1 END WHERE id = 57")
        system.settle()
        self.assertEqual(wrong_answers(), [])
        self.before = names()
        cached.test_client().put("/api/invoices/57", json={"user_id": 15})
        system.settle()
        gone = self.before - names()
        self.assertIn(search_key(15, "paid"), gone)
        self.assertIn(f"bill:get_invoices_of_user:{hashlib.md5(b'(15,){}').hexdigest()}", gone)
        self.assertEqual(wrong_answers(), [])

    def test_invoice_is_deleted(self):
        self.assertEqual(get("/api/invoices/3")[0], 200)
        cached.test_client().delete("/api/invoices/3")
        system.settle()
        self.assertEqual(get("/api/invoices/3")[0], 404)
        self.assertEqual(wrong_answers(), [])

    def test_what_was_not_found_appears(self):
        self.assertEqual(get("/api/invoices/99999")[0], 404)
        self.assertIn(f"{PREFIX}view//api/invoices/99999", names())
        system.psql("INSERT INTO bill.invoices VALUES (99999, 1, 'open', '2025-09-09')")
        system.settle()
        self.assertEqual(get("/api/invoices/99999")[0], 200)

    def test_items_of_an_invoice_change(self):
        system.psql("UPDATE bill.items SET quantity = quantity + 1 WHERE invoice_id = 14")
        system.settle()
        gone = self.before - names()
        for key in views("invoices", "invoices/14") | {BALANCE, TOTAL.format(14)}:
            self.assertIn(key, gone)
        for key in views("invoices/7", "users/1", "products") | {TOTAL.format(7), search_key(8, "paid")}:
            self.assertNotIn(key, gone)
        self.assertEqual(wrong_answers(), [])

    def test_items_change_of_an_invoice_that_a_search_found(self):
        ((invoice, user, status),) = system.query("SELECT id, user_id, status FROM bill.invoices"
                                                  " WHERE user_id = 15 ORDER BY id LIMIT 1")
        system.psql(f"INSERT INTO bill.items (invoice_id, product_id, quantity, price)"
                    f" VALUES ({invoice}, 30, 1, 4.50)")
        self.expect_gone(views("invoices", f"invoices/{invoice}"),
                         {BALANCE, TOTAL.format(invoice), search_key(user, status)},
                         {report_key(), report_key(("from", "2025-06-01"))},
                         {f"bill:get_invoices_of_user:{hashlib.md5(b'(15,){}').hexdigest()}"})

    def test_user_is_updated(self):
        cached.test_client().put("/api/users/8", json={"name": "Renamed"})
        invoices = system.query("SELECT id FROM bill.invoices WHERE user_id = 8")
        self.expect_gone(views("users", "users/8", "invoices"), {"bill:get_user:8"},
                         views(*(f"invoices/{n}" for (n,) in invoices)),
                         {search_key(n, status) for n in USERS for status in ("open", "paid")})

    def test_user_is_deleted_with_his_invoices(self):
        ((user,),) = system.query("SELECT user_id FROM bill.invoices WHERE id = 9")
        cached.test_client().delete(f"/api/users/{user}")
        system.settle()
        self.assertEqual(get("/api/invoices/9")[0], 404)
        self.assertEqual(wrong_answers(), [])

    def test_product_is_created_updated_and_deleted(self):
        answer = cached.test_client().post("/api/products", json={"name": "New", "price": "9.99"})
        new = answer.json["id"]
        self.expect_gone(views("products"), {report_key(), report_key(("from", "2025-06-01"))})
        self.before = names()
        cached.test_client().put("/api/products/5", json={"name": "Renamed"})
        invoices = system.query("SELECT invoice_id FROM bill.items WHERE product_id = 5")
        self.expect_gone(views("products", "products/5", *(f"invoices/{n}" for (n,) in invoices)),
                         {"bill:get_product:5", report_key(), report_key(("from", "2025-06-01"))})
        cached.test_client().delete(f"/api/products/{new}")
        system.settle()
        self.assertEqual(wrong_answers(), [])

    # --- what the document's application could not see ---

    def test_everything_changes_in_bulk(self):
        system.psql("UPDATE bill.invoices SET status = 'paid';"
                    " UPDATE bill.users SET name = upper(name); UPDATE bill.products SET price = price + 1;"
                    " DELETE FROM bill.items WHERE id % 10 = 0")
        system.settle()
        self.assertEqual(wrong_answers(), [])

    def test_what_is_rolled_back_stays(self):
        system.psql("BEGIN; DELETE FROM bill.items; UPDATE bill.users SET name = 'x'; ROLLBACK")
        self.expect_gone()

    def test_without_the_daemon_answers_would_be_wrong(self):
        with system.daemon_stopped():
            cached.test_client().put("/api/users/1", json={"name": "Somebody else"})
            system.psql("UPDATE bill.items SET quantity = 77 WHERE invoice_id = 1")
            wrong = wrong_answers()
            for what in ("/api/users", "/api/users/1", "/api/invoices", "/api/invoices/1", "/api/report",
                         "('get_user', 1)", "('total', 1)"):
                self.assertIn(what, wrong)
        self.assertEqual(wrong_answers(), [])

    def test_clearing_before_the_update_is_not_enough(self):
        """The document's "pre-emptive invalidation": a reader comes between it and the commit."""
        with system.daemon_stopped():
            with application.database.cursor() as cursor:
                cursor.execute("BEGIN")
            store.delete(f"{PREFIX}view//api/users/2")
            writer = system.connect()
            writer.autocommit = False
            with writer.cursor() as cursor:
                cursor.execute("UPDATE bill.users SET name = 'Late' WHERE id = 2")
                with application.database.cursor() as own:
                    own.execute("COMMIT")
                get("/api/users/2")
            writer.commit()
            writer.close()
            self.assertNotEqual(get("/api/users/2")[1]["name"], "Late")
        self.assertEqual(get("/api/users/2")[1]["name"], "Late")


if __name__ == "__main__":
    main()
