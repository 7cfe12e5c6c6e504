/* Which rows feed which keys of the application's cache. */
BEGIN;

SELECT uncache.watch('billing.tax_rate', 'tax_rate:{country}:{region}');

/* The list shows how often each may still be used: see invoice_discount below. */
SELECT uncache.watch('billing.discount', 'active_discounts');

/* An invoice's details show its own row and the rows of four other tables. */
SELECT uncache.watch('billing.invoice', 'invoice:{id}');
SELECT uncache.watch('billing.invoice_line', 'invoice:{invoice_id}');
SELECT uncache.watch('billing.invoice_tax', 'invoice:{invoice_id}');
SELECT uncache.watch('billing.invoice_discount', 'invoice:{invoice_id}', 'active_discounts');
SELECT uncache.watch('billing.payment', 'invoice:{invoice_id}');

SELECT uncache.watch('billing.credit_note', 'user_credit_notes:{user_id}');

COMMIT;
