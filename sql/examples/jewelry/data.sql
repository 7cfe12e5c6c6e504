/* Invented rows, the same at every run. */
BEGIN;

INSERT INTO core_language VALUES ('en'), ('de'), ('hi');
INSERT INTO rates_goldrate VALUES (18, 62.10), (22, 75.90), (24, 82.80);

INSERT INTO core_tenant (name) SELECT format('Jeweller %s', n) FROM generate_series(1, 12) n;

INSERT INTO core_branch (tenant_id, name)
SELECT t.id, format('Branch %s', n) FROM core_tenant t, generate_series(1, 2) n ORDER BY t.id, n;

INSERT INTO inventory_category (tenant_id, name)
SELECT t.id, c FROM core_tenant t, unnest(ARRAY['Rings', 'Ketten & Ähren: 18k', 'कंगन']) c ORDER BY t.id, c;

INSERT INTO inventory_inventoryitem (tenant_id, branch_id, category_id, sku, weight_grams, price, is_wholesale)
SELECT c.tenant_id, b.id, c.id, format('%s-%s-%s', b.id, c.id, n), 1.25 * n, 100 + 7 * n, n % 2 = 0
FROM inventory_category c JOIN core_branch b USING (tenant_id), generate_series(1, 4) n
ORDER BY b.id, c.id, n;

INSERT INTO sales_sale (tenant_id, branch_id, total, created_at)
SELECT b.tenant_id, b.id, 50 + (b.id * n) % 400, timestamptz '2024-01-01 09:00+00' + n * interval '31 hours'
FROM core_branch b, generate_series(1, 60) n;

COMMIT;

ANALYZE;
