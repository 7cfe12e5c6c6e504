# The changes that the demo makes. "sql" is run in one transaction, "each" are
# transactions of their own; "show" is printed where that would be too long.
package Demo::Steps;

use strict;
use warnings;

sub steps
{
	return (
		{
			title => 'One row, by hand in psql',
			sql => "UPDATE billing.discount SET percent = 30 WHERE code = 'SPRING25';",
		},
		{
			title => 'Bulk UPDATE',
			sql => "UPDATE billing.invoice SET status = 'overdue'"
			  . " WHERE status = 'sent' AND due_on < '2025-04-01';",
			show => "UPDATE billing.invoice SET status = 'overdue' WHERE due_on < ...",
		},
		{
			title => 'COPY from a bank\'s file',
			sql => copy_payments(500),
			show => 'COPY billing.payment FROM stdin  -- 500 rows',
		},
		{
			title => 'Upsert',
			sql => 'INSERT INTO billing.tax_rate (country, region, name, percent)'
			  . " VALUES ('DE', 'BY', 'USt', 20.5), ('US', 'PR', 'sales tax', 11.5)"
			  . ' ON CONFLICT (country, region) DO UPDATE SET percent = excluded.percent;',
			show => 'INSERT INTO billing.tax_rate ... ON CONFLICT DO UPDATE ...',
			note => 'the second is new',
		},
		{
			title => 'Foreign-key cascade',
			sql => 'DELETE FROM billing.users WHERE id = 42;',
			note => 'users has no rule',
		},
		{
			title => 'A key column changes',
			sql => 'UPDATE billing.payment SET invoice_id = 9 WHERE invoice_id = 11;',
			note => 'old and new invoice',
		},
		{
			title => 'A savepoint rolled back',
			sql => "UPDATE billing.invoice SET status = 'void' WHERE id = 7;"
			  . " SAVEPOINT s; UPDATE billing.invoice SET status = 'void' WHERE id = 8; ROLLBACK TO s;",
			show => 'UPDATE ... id = 7; SAVEPOINT s; UPDATE ... id = 8; ROLLBACK TO s',
			note => 'not invoice:8',
		},
		{
			title => 'A transaction rolled back',
			sql => "UPDATE billing.invoice SET status = 'void';",
			show => "BEGIN; UPDATE billing.invoice SET status = 'void'; ROLLBACK",
			ends => 'ROLLBACK',
		},
		{
			title => 'TRUNCATE',
			sql => 'TRUNCATE billing.credit_note;',
			note => 'by pattern',
		},
		{
			title => 'kill -9 of uncached',
			each => [ map { "UPDATE billing.invoice SET due_on = due_on + 1 WHERE id % 200 = $_" } 1 .. 60 ],
			show => 'UPDATE billing.invoice SET due_on = due_on + 1 ...  (60 commits)',
			kill_after_keys => 200,
		},
	);
}

sub copy_payments
{
	my ($count) = @_;
	my @rows = map { join "\t", 6 * $_, 25 + $_ % 10, 'transfer', '2025-07-01' } 1 .. $count;
	return join "\n", 'COPY billing.payment (invoice_id, amount, method, paid_on) FROM stdin;', @rows, '\.';
}

1;
