/*
 * Invented rows, the same at every run: 400 users, 4,000 invoices and what
 * belongs to them.
 */
BEGIN;

INSERT INTO billing.tax_rate (country, region, name, percent)
SELECT country, region, name, base + (n * 7 % 9) * 0.25
FROM (VALUES
	('CA', 'GST/PST', 5, 'AB BC MB NB NL NS NT NU ON PE QC SK YT'),
	('DE', 'USt', 19, 'BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH'),
	('US', 'sales tax', 4, 'AK AL AR AZ CA CO CT DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO '
		'MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY')
	) AS countries (country, name, base, regions),
	string_to_table(regions, ' ') WITH ORDINALITY AS r (region, n);

INSERT INTO billing.discount (code, percent, is_active)
VALUES ('SPRING25', 25, true), ('FIBRE10', 10, true), ('STUDENT', 15, true), ('LOYAL5', 5, true),
	('BUNDLE20', 20, true), ('WINTER24', 30, false), ('LAUNCH', 50, false), ('MIGRATE', 12.5, true);
UPDATE billing.discount SET max_uses = 1000 WHERE code IN ('FIBRE10', 'STUDENT');

INSERT INTO billing.users (email)
SELECT format('user%s@example.net', n)
FROM generate_series(1, 400) n;

INSERT INTO billing.invoice (user_id, status, issued_on, due_on)
SELECT 1 + n * 37 % 400,
	(ARRAY['sent', 'paid', 'paid', 'sent', 'overdue', 'paid'])[1 + n % 6],
	date '2025-01-01' + n % 180,
	date '2025-01-15' + n % 180
FROM generate_series(1, 4000) n;

INSERT INTO billing.invoice_line (invoice_id, description, quantity, unit_price)
SELECT i.id, (ARRAY['Fibre 500', 'Static address', 'Router rent'])[line], 1 + i.id % line, 4.99 + (i.id * line) % 40
FROM billing.invoice i, generate_series(1, 3) line;

INSERT INTO billing.invoice_tax (invoice_id, name, percent)
SELECT id, 'USt', 19 FROM billing.invoice;

INSERT INTO billing.invoice_discount (invoice_id, discount_id, amount)
SELECT id, 1 + id % 8, 2.50 FROM billing.invoice WHERE id % 5 = 0;

INSERT INTO billing.payment (invoice_id, amount, method, paid_on)
SELECT id, 20 + id % 30, (ARRAY['card', 'transfer', 'debit'])[1 + id % 3], due_on - 3
FROM billing.invoice WHERE status = 'paid';

INSERT INTO billing.credit_note (user_id, reason, amount, remaining)
SELECT u.id, (ARRAY['outage', 'goodwill', 'moved house'])[note], 10 * note, CASE note WHEN 3 THEN 0 ELSE 5 * note END
FROM billing.users u, generate_series(1, 3) note;

COMMIT;

ANALYZE;
