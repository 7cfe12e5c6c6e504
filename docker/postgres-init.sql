/* The extension, and the role that uncached connects as. */
\getenv password UNCACHED_PASSWORD
CREATE EXTENSION uncache;
/* keep the password out of the log, whatever happens */
SET log_min_error_statement = panic;
CREATE ROLE uncached LOGIN PASSWORD :'password';
RESET log_min_error_statement;
SELECT uncache.grant_consumer('uncached');
