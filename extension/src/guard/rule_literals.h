/*-------------------------------------------------------------------------
 *
 * rule_literals.h
 *	  Keeps parse analysis from running code for a text's literals.
 *
 * Analysis converts a literal of unknown type by the input function of the type
 * that it is found to have.  For a composite type, an array, a range or a domain that
 * runs other people's code: CHECK constraints, canonical functions.  So whoever
 * only looks at a text takes its literals out first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_LITERALS_H
#define UNCACHE_RULE_LITERALS_H

#include "parser/parse_node.h"

/*
 * Makes a parameter of each string literal of a raw parse tree, in its place, and
 * arranges that pstate takes it for a literal of unknown type whose text is
 * converted only by input functions of PostgreSQL's own plain types.  $1 to
 * $type_count have the given types, which pstate borrows; others are an error, as is
 * what could run code all the same.
 */
extern void rule_literals_take(ParseState *pstate, Node *raw, const Oid *types, int type_count);

#endif
