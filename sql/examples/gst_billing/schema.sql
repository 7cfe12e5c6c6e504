/*
 * The tables that Django makes of the application's models: businesses, their
 * customers and products, invoices with their lines.
 */
BEGIN;

CREATE TABLE billing_business (
	id				bigserial		PRIMARY KEY,
	name			varchar(120)	NOT NULL,
	gstin			varchar(15)		NOT NULL UNIQUE,
	state_code		varchar(2)		NOT NULL,
	is_active		boolean			NOT NULL,
	created_at		timestamptz		NOT NULL
);

CREATE TABLE billing_customer (
	id				bigserial		PRIMARY KEY,
	business_id		bigint			NOT NULL REFERENCES billing_business DEFERRABLE INITIALLY DEFERRED,
	name			varchar(120)	NOT NULL,
	gstin			varchar(15),
	email			varchar(254)	NOT NULL,
	credit_limit	numeric(12,2)	NOT NULL
);
CREATE INDEX ON billing_customer (business_id);

CREATE TABLE billing_category (
	id				bigserial		PRIMARY KEY,
	name			varchar(60)		NOT NULL
);

CREATE TABLE billing_product (
	id				bigserial		PRIMARY KEY,
	business_id		bigint			NOT NULL REFERENCES billing_business DEFERRABLE INITIALLY DEFERRED,
	sku				varchar(40)		NOT NULL,
	name			varchar(120)	NOT NULL,
	description		text			NOT NULL,
	hsn_code		varchar(8)		NOT NULL,
	unit_price		numeric(12,2)	NOT NULL,
	tax_percent		numeric(5,2)	NOT NULL
);
CREATE INDEX ON billing_product (business_id);

CREATE TABLE billing_product_categories (
	id				bigserial		PRIMARY KEY,
	product_id		bigint			NOT NULL REFERENCES billing_product DEFERRABLE INITIALLY DEFERRED,
	category_id		bigint			NOT NULL REFERENCES billing_category DEFERRABLE INITIALLY DEFERRED,
	UNIQUE (product_id, category_id)
);
CREATE INDEX ON billing_product_categories (category_id);

/* The model's field is "customer"; its column has a name of its own. */
CREATE TABLE billing_invoice (
	id				uuid			PRIMARY KEY,
	business_id		bigint			NOT NULL REFERENCES billing_business DEFERRABLE INITIALLY DEFERRED,
	cust			bigint			NOT NULL REFERENCES billing_customer DEFERRABLE INITIALLY DEFERRED,
	number			varchar(30)		NOT NULL,
	status			varchar(10)		NOT NULL,
	issued_on		date			NOT NULL,
	due_on			date,
	sent_at			timestamptz,
	is_interstate	boolean			NOT NULL,
	total			numeric(14,2)	NOT NULL,
	notes			text			NOT NULL
);
CREATE INDEX ON billing_invoice (business_id);
CREATE INDEX ON billing_invoice (cust);

CREATE TABLE billing_lineitem (
	id				bigserial		PRIMARY KEY,
	invoice_id		uuid			NOT NULL REFERENCES billing_invoice DEFERRABLE INITIALLY DEFERRED,
	product_id		bigint			NOT NULL REFERENCES billing_product DEFERRABLE INITIALLY DEFERRED,
	position		smallint		NOT NULL,
	quantity		numeric(10,3)	NOT NULL,
	unit_price		numeric(12,2)	NOT NULL,
	tax_amount		numeric(12,2)	NOT NULL
);
CREATE INDEX ON billing_lineitem (invoice_id);
CREATE INDEX ON billing_lineitem (product_id);

COMMIT;
