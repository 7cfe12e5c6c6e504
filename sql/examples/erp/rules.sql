/*
 * Which rows feed which keys. Targets are Django's aliases, each with its database and ":1:" as
 * its prefix. "v2" is the alias default again, for what is stored with version=2. The
 * alias "sessions" is no target: nothing here can touch it.
 */
BEGIN;

/* Permissions of a user: his roles, what they may do, and what that is called. */
SELECT uncache.watch('rbac_assignment', 'permissions://rbac:user:{user_id}:org_permissions');
SELECT uncache.watch('rbac_role_permissions', query => ARRAY[
	$$SELECT 'permissions://rbac:user:' || a.user_id || ':org_permissions'
		FROM public.rbac_assignment a WHERE a.role_id = {role_id}$$]);
SELECT uncache.watch('rbac_role', columns => ARRAY['is_active']::name[], query => ARRAY[
	$$SELECT 'permissions://rbac:user:' || a.user_id || ':org_permissions'
		FROM public.rbac_assignment a WHERE a.role_id = {id}$$]);
SELECT uncache.watch('rbac_permission', query => ARRAY[
	$$SELECT 'permissions://rbac:user:' || a.user_id || ':org_permissions'
		FROM public.rbac_role_permissions rp JOIN public.rbac_assignment a USING (role_id)
		WHERE rp.permission_id = {id}$$]);

/* Reference data. */
SELECT uncache.watch('core_currency', 'core:currency:list:active');
SELECT uncache.watch('taxes_taxrate', tags => ARRAY['taxrate:{jurisdiction}:{category}']);

/* Organizations, the lists of them by type, and profiles of users, which show theirs. */
SELECT uncache.watch('organizations_organization',
	keys => ARRAY['organizations:organization:{id}:summary'],
	query => ARRAY[
		$$SELECT 'organizations:organization:list:active_type_' || t.code
			FROM public.organizations_organizationtype t WHERE t.id = {type_id}$$,
		$$SELECT 'core:user:' || u.id || ':profile' FROM public.core_user u WHERE u.organization_id = {id}$$]);
SELECT uncache.watch('core_user',
	keys => ARRAY['core:user:{id}:profile', 'permissions://rbac:user:{id}:org_permissions'],
	columns => ARRAY['full_name', 'organization_id']::name[]);

/* Products: details in two versions of their form, the API's answer, and a version for all lists. */
SELECT uncache.watch('products_product',
	keys => ARRAY['products:product:{id}:details', 'v2://products:product:{id}:details',
		'api_responses://products:product:{id}:api_v1'],
	versions => ARRAY['api_responses://ver:products:product']);

/* Categories hardly ever change: the one pattern here. */
SELECT uncache.watch('products_category', patterns => ARRAY['api_responses://products:category:{id}:*']);

COMMIT;
