/* Invented rows, the same at every run: 4,000 products, 2,000 users, 1,500 of them clerks. */
BEGIN;

INSERT INTO core_currency VALUES ('EUR', 'Euro', true), ('USD', 'US dollar', true), ('DEM', 'Mark', false);

INSERT INTO organizations_organizationtype (code) VALUES ('customer'), ('supplier'), ('internal');

INSERT INTO organizations_organization (type_id, name, is_active)
SELECT 1 + n % 3, format('Organization %s', n), n % 7 <> 0 FROM generate_series(1, 30) n;

INSERT INTO core_user (organization_id, full_name)
SELECT 1 + n % 30, format('User %s', n) FROM generate_series(1, 2000) n;

INSERT INTO rbac_permission (codename)
SELECT format('%s_%s', verb, noun)
FROM unnest(ARRAY['view', 'change', 'delete']) verb, unnest(ARRAY['product', 'invoice', 'user']) noun
ORDER BY 1;

INSERT INTO rbac_role (name, is_active) VALUES ('clerk', true), ('manager', true), ('auditor', true);

INSERT INTO rbac_role_permissions (role_id, permission_id)
SELECT r.id, p.id FROM rbac_role r, rbac_permission p
WHERE r.name = 'manager' OR p.codename LIKE 'view%' AND (r.name = 'auditor' OR p.codename <> 'view_user');

INSERT INTO rbac_assignment (user_id, role_id, organization_id)
SELECT id, CASE WHEN id <= 1500 THEN 1 WHEN id <= 1900 THEN 2 ELSE 3 END, organization_id FROM core_user;

INSERT INTO rbac_assignment (user_id, role_id, organization_id)
SELECT id, 3, 1 + (organization_id + 1) % 30 FROM core_user WHERE id % 10 = 0;

INSERT INTO products_category (name) SELECT format('Category %s', n) FROM generate_series(1, 20) n;

INSERT INTO products_product (category_id, sku, price, is_active)
SELECT 1 + n % 20, format('SKU-%s', n), 1 + n % 500, n % 11 <> 0 FROM generate_series(1, 4000) n;

INSERT INTO taxes_taxrate (jurisdiction, category, valid_from, percent)
VALUES ('DE', 'goods', '2007-01-01', 19), ('DE', 'goods', '2020-07-01', 16), ('DE', 'goods', '2021-01-01', 19),
	('DE', 'books', '2007-01-01', 7), ('AT', 'goods', '1995-01-01', 20);

COMMIT;

ANALYZE;
