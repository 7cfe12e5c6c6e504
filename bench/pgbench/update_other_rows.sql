\set id random(:first, :rows)
UPDATE account SET balance = balance + 1 WHERE id = :id;
