/*
 * Which rows feed which caches. Targets are Django's aliases: default, query, template and api,
 * each with KEY_PREFIX and version as its prefix.
 *
 * Template fragments are called template.cache.<name>.<md5>, the md5 being over what they vary
 * on, each followed by a colon.
 */
BEGIN;

/* All of a tenant's keys, without a scan: a tag in each alias, and his fragments by their names. */
SELECT uncache.watch('core_tenant',
	keys => ARRAY['tenant:{id}:dashboard', 'template://template.cache.sidebar.{md5(id || '':'')}'],
	tags => ARRAY['tenant:{id}', 'query://tenant:{id}', 'api://tenant:{id}'],
	versions => ARRAY['query://ver:tenant:{id}'],
	query => ARRAY[
		$$SELECT 'template://template.cache.navigation.' || md5({id} || ':' || l.code || ':') FROM public.core_language l$$,
		$$SELECT 'template://template.cache.dashboard_widgets.' || md5({id} || ':' || role || ':')
			FROM unnest(enum_range(NULL::public.core_role)) role$$]);

SELECT uncache.watch('core_branch',
	keys => ARRAY['tenant:{tenant_id}:dashboard', 'template://template.cache.sidebar.{md5(tenant_id || '':'')}'],
	tags => ARRAY['query://tenant:{tenant_id}:inventory']);

/* A category's name is something that its product list varies on; the navigation shows it in all languages. */
SELECT uncache.watch('inventory_category',
	keys => ARRAY[
		'template://template.cache.product_list.{md5(concat(tenant_id, '':'', name, '':True:''))}',
		'template://template.cache.product_list.{md5(concat(tenant_id, '':'', name, '':False:''))}'],
	tags => ARRAY['query://tenant:{tenant_id}:inventory', 'api://tenant:{tenant_id}:inventory'],
	query => ARRAY[
		$$SELECT 'template://template.cache.navigation.' || md5({tenant_id} || ':' || l.code || ':')
			FROM public.core_language l$$]);

SELECT uncache.watch('inventory_inventoryitem',
	keys => ARRAY['tenant:{tenant_id}:dashboard', 'tenant:{tenant_id}:branch:{branch_id}:inventory'],
	tags => ARRAY['query://tenant:{tenant_id}:inventory', 'api://tenant:{tenant_id}:inventory'],
	query => ARRAY[
		/* Python writes booleans as True and False */
		$$SELECT 'template://template.cache.product_list.' || md5(concat({tenant_id}, ':', c.name, ':', initcap({is_wholesale}::text), ':'))
			FROM public.inventory_category c WHERE c.id = {category_id}$$]);

/* A day is the shop's day, not that of Greenwich. */
SELECT uncache.watch('sales_sale',
	keys => ARRAY['tenant:{tenant_id}:dashboard',
		'template://template.cache.daily_stats.{md5(concat(tenant_id, '':'', (created_at AT TIME ZONE ''Asia/Kolkata'')::date, '':''))}'],
	tags => ARRAY['query://tenant:{tenant_id}:sales'],
	versions => ARRAY['query://ver:tenant:{tenant_id}'],
	query => ARRAY[
		$$SELECT 'template://template.cache.dashboard_widgets.' || md5({tenant_id} || ':' || role || ':')
			FROM unnest(enum_range(NULL::public.core_role)) role$$]);

/* Every tenant's dashboard values its stock by the gold rate. */
SELECT uncache.watch('rates_goldrate',
	keys => ARRAY['gold_rate'],
	query => ARRAY[$$SELECT 'tenant:' || t.id || ':dashboard' FROM public.core_tenant t$$]);

COMMIT;
