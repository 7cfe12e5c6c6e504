/*-------------------------------------------------------------------------
 *
 * print_acl.h
 *	  The permissions in Redis that each target's rules need, as a command.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PRINT_ACL_H
#define UNCACHED_PRINT_ACL_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Prints an ACL SETUSER for each target to output, and to problems what to know of it, and
 * what PostgreSQL lacks.  If PostgreSQL does not say which actions the rules have, prints
 * nothing to output, and is false.  Asks no Redis; blocks, for some seconds at most, where
 * PostgreSQL does not answer; changes nothing.
 */
extern bool print_acl(const Config *config, FILE *output, FILE *problems)
			__attribute__((warn_unused_result));

/*
 * Writes the pattern of the keys of a prefix, for ACL SETUSER; what cannot stand in a word
 * there is "?".  "pattern" needs room for PRINT_ACL_PATTERN_BYTES(strlen(prefix)).
 */
#define PRINT_ACL_PATTERN_BYTES(prefix_bytes) (2 * (prefix_bytes) + sizeof("~*"))
extern void print_acl_pattern(const char *prefix, char *pattern);

#endif
