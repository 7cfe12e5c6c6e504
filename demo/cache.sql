/*
 * What the application would cache: every key, and its value as it is in the
 * database at this moment. The demo fills the cache from this view and compares
 * the cache with it; it knows nothing of uncache and its rules.
 */
CREATE SCHEMA demo;

CREATE VIEW demo.cache (key, value) AS
SELECT format('tax_rate:%s:%s', country, region), jsonb_build_object('name', name, 'percent', percent)
FROM billing.tax_rate
UNION ALL
/* the application has asked for rates that there are none of, and cached that, too */
SELECT format('tax_rate:%s:%s', asked.country, asked.region), 'null'
FROM (VALUES ('DE', 'XX'), ('US', 'PR'), ('CA', 'XX')) AS asked (country, region)
WHERE NOT EXISTS (SELECT FROM billing.tax_rate t WHERE (t.country, t.region) = (asked.country, asked.region))
UNION ALL
SELECT 'active_discounts', coalesce(jsonb_agg(jsonb_build_object('code', code, 'percent', percent) ORDER BY id), '[]')
FROM billing.discount
WHERE is_active
UNION ALL
SELECT format('invoice:%s', i.id), to_jsonb(i) || jsonb_build_object(
	'lines', (SELECT jsonb_agg(jsonb_build_array(l.description, l.quantity, l.unit_price) ORDER BY l.id)
		FROM billing.invoice_line l WHERE l.invoice_id = i.id),
	'taxes', (SELECT jsonb_agg(jsonb_build_array(t.name, t.percent) ORDER BY t.name)
		FROM billing.invoice_tax t WHERE t.invoice_id = i.id),
	'discounts', (SELECT jsonb_agg(jsonb_build_array(d.discount_id, d.amount) ORDER BY d.discount_id)
		FROM billing.invoice_discount d WHERE d.invoice_id = i.id),
	'payments', (SELECT jsonb_agg(jsonb_build_array(p.paid_on, p.method, p.amount) ORDER BY p.id)
		FROM billing.payment p WHERE p.invoice_id = i.id))
FROM billing.invoice i
UNION ALL
SELECT format('user_credit_notes:%s', u.id), coalesce(
	(SELECT jsonb_agg(jsonb_build_object('id', c.id, 'reason', c.reason, 'remaining', c.remaining) ORDER BY c.id)
		FROM billing.credit_note c WHERE c.user_id = u.id AND c.remaining > 0), '[]')
FROM billing.users u;
