/*
 * Which rows feed which keys. "default" is Flask-Caching, with its CACHE_KEY_PREFIX
 * as the target's prefix; "manager" is the application's own @cached.
 */
BEGIN;

/* Invoices show their user's name, and so does the list of invoices. */
SELECT uncache.watch('bill.users',
	keys => ARRAY['view//api/users', 'view//api/users/{id}', 'view//api/invoices', 'manager://get_user:{id}'],
	tags => ARRAY['users'],
	query => ARRAY[$$SELECT 'view//api/invoices/' || i.id FROM bill.invoices i WHERE i.user_id = {id}$$]);

/* Invoices show their products' names. */
SELECT uncache.watch('bill.products',
	keys => ARRAY['view//api/products', 'view//api/products/{id}', 'manager://get_product:{id}'],
	tags => ARRAY['products'],
	query => ARRAY[$$SELECT 'view//api/invoices/' || t.invoice_id FROM bill.items t WHERE t.product_id = {id}$$]);

/*
 * The memoized functions of the module "app": what is deleted is the version that stands in
 * the names of their results, for all arguments of user_balance and for one invoice of Invoice.total.
 */
SELECT uncache.watch('bill.invoices',
	keys => ARRAY['view//api/invoices', 'view//api/invoices/{id}', 'app.user_balance_memver',
		'app.Invoice.total.{id}_memver', 'manager://get_invoices_of_user:{md5(format(''(%s,){}'', user_id))}'],
	tags => ARRAY['invoices', 'invoices_of:{user_id}']);

SELECT uncache.watch('bill.items',
	keys => ARRAY['view//api/invoices', 'view//api/invoices/{invoice_id}', 'app.user_balance_memver',
		'app.Invoice.total.{invoice_id}_memver'],
	tags => ARRAY['invoices', 'invoice:{invoice_id}'],
	query => ARRAY[$$SELECT format('manager://get_invoices_of_user:%s', md5(format('(%s,){{}}', i.user_id)))
		FROM bill.invoices i WHERE i.id = {invoice_id}$$, 'manager://get_invoices_of_user:*']);

COMMIT;
