/* Invented rows, the same at every run. */
BEGIN;

INSERT INTO bill.users (name, email)
SELECT format('User %s', n), format('user%s@example.net', n)
FROM generate_series(1, 50) n;

INSERT INTO bill.products (name, price)
SELECT format('Product %s', n), 5 + n % 40
FROM generate_series(1, 40) n;

INSERT INTO bill.invoices (user_id, status, issued_on)
SELECT 1 + n * 7 % 50, (ARRAY['open', 'paid', 'paid'])[1 + n % 3], date '2025-01-01' + n % 300
FROM generate_series(1, 200) n;

INSERT INTO bill.items (invoice_id, product_id, quantity, price)
SELECT i.id, 1 + (i.id * 3 + line) % 40, line, 5 + (i.id * 3 + line) % 40
FROM bill.invoices i, generate_series(1, 3) line;

COMMIT;

ANALYZE;
