"""Private servers for tests and for the bench: PostgreSQL, Redis, uncached."""
