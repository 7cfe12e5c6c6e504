/*-------------------------------------------------------------------------
 *
 * rule_author.h
 *	  Whose rights the queries of a rule have.
 *
 * It is the first argument of a rule's trigger, in front of its queries:
 *
 *	as "role", oid <oid> of system <system identifier>[, superuser][, uses <digest>]
 *
 * so that it goes wherever the trigger goes: to partitions, through dump and restore,
 * past a change of the table's owner.  The name is for another cluster, the oid for
 * this one, where a role may be renamed or another one take its name.  Who was no
 * superuser when the rule was made does not lend it that later.  The digest is of what the
 * queries use, for a dump: what is restored must mean the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_AUTHOR_H
#define UNCACHE_RULE_AUTHOR_H

/* Hexadecimal digits. */
#define RULE_AUTHOR_USE_LENGTH 32

typedef struct RuleAuthor
{
	char		name[NAMEDATALEN];	/* "": there is no author */
	Oid			role_id;		/* InvalidOid: there was no role of that name */
	uint64		system_id;		/* of the cluster in which role_id is a role */
	bool		is_superuser;	/* he was one */
	char		use[RULE_AUTHOR_USE_LENGTH + 1];	/* "": none is known, or
													 * nothing is used; see
													 * admission_use_digest() */
} RuleAuthor;

/*
 * False, and there is no *author, if the argument is something else.  No query, and
 * no pattern in the place of one, reads as an author.
 */
extern bool rule_author_parse(const char *argument, RuleAuthor *author);

/* The argument, palloc'd. */
extern char *rule_author_format(const RuleAuthor *author);

/*
 * How many of the arguments of a rule with queries, 0 or 1, tell its author: see
 * rule_action_author_count().
 */
extern int	rule_author_count(char *const *arguments, int count);

/* A role as the author of a rule that is made now. */
extern RuleAuthor rule_author_of_role(Oid role_id);

/* The owner of a relation, whose rights its rules have if nobody says otherwise. */
extern Oid	rule_author_owner(Oid relation_id);

/*
 * The role that a rule's queries may be run as now, or InvalidOid and why not: what
 * is wrong in *problem, for the owner of the rule in *detail, which may be NULL.
 */
extern Oid	rule_author_find_role(const RuleAuthor *author, const char **problem, const char **detail);

#endif
