/* What "manage.py uncache_sql" prints for the application's models. */
SELECT uncache.watch('"billing_business"', cacheops => ARRAY['billing_business', '@Asia/Kolkata']);
SELECT uncache.watch('"billing_customer"', cacheops => ARRAY['billing_customer']);
SELECT uncache.watch('"billing_category"', cacheops => ARRAY['billing_category']);
SELECT uncache.watch('"billing_product_categories"', cacheops => ARRAY['billing_product_categories']);
SELECT uncache.watch('"billing_product"', cacheops => ARRAY['billing_product']);
SELECT uncache.watch('"billing_invoice"', cacheops => ARRAY['billing_invoice', 'customer_id=cust', 'cust=cust', '@Asia/Kolkata']);
SELECT uncache.watch('"billing_lineitem"', cacheops => ARRAY['billing_lineitem']);
