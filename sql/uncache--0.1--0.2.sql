/* Makes uncache 0.2 of 0.1: the same changes that have been made in the directory uncache. */
\echo Use "ALTER EXTENSION uncache UPDATE" to load this file. \quit
