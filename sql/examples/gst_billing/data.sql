/*
 * Invented rows, the same at every run: 3 businesses, 30 customers, 24 products,
 * 90 invoices of two lines each.
 */
BEGIN;

INSERT INTO billing_business (name, gstin, state_code, is_active, created_at)
SELECT 'Business ' || n, format('27ABCDE%sF1Z5', 1000 + n), (ARRAY['27', '29', '33'])[n], true,
	timestamptz '2024-01-01 10:00+05:30' + n * interval '1 day'
FROM generate_series(1, 3) n;

INSERT INTO billing_customer (business_id, name, gstin, email, credit_limit)
SELECT 1 + n % 3, 'Customer ' || n, CASE WHEN n % 4 > 0 THEN format('29FGHIJ%sK2Z6', 2000 + n) END,
	format('customer%s@example.net', n), 1000 * (n % 5)
FROM generate_series(1, 30) n;

INSERT INTO billing_category (name) VALUES ('Grain'), ('Spice & salt'), ('Tools');

INSERT INTO billing_product (business_id, sku, name, description, hsn_code, unit_price, tax_percent)
SELECT 1 + n % 3, 'SKU-' || n, 'Product ' || n, '', 1000 + n, 10 + n * 2.5, (ARRAY[5, 12, 18, 28])[1 + n % 4]
FROM generate_series(1, 24) n;

INSERT INTO billing_product_categories (product_id, category_id)
SELECT n, 1 + n % 3 FROM generate_series(1, 24) n WHERE n % 5 > 0;

INSERT INTO billing_invoice
SELECT format('00000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, c.business_id, c.id, 'INV/' || n,
	(ARRAY['draft', 'sent', 'paid'])[1 + n % 3], date '2024-01-01' + n, CASE WHEN n % 3 > 0 THEN date '2024-02-01' + n END,
	CASE WHEN n % 3 > 0 THEN timestamptz '2024-01-01 10:20:30.5+05:30' + n * interval '1 day' END,
	n % 2 = 0, 100 + n * 1.25, ''
FROM generate_series(1, 90) n JOIN billing_customer c ON c.id = 1 + n % 30;

INSERT INTO billing_lineitem (invoice_id, product_id, position, quantity, unit_price, tax_amount)
SELECT i.id, p.id, position, 1.5 * position, p.unit_price, round(p.unit_price * p.tax_percent / 100, 2)
FROM generate_series(1, 2) position, billing_invoice i
	JOIN LATERAL (SELECT * FROM billing_product p WHERE p.business_id = i.business_id ORDER BY p.id LIMIT 2) p ON true
WHERE p.id % 2 = position % 2;

COMMIT;
