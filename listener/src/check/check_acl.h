/*-------------------------------------------------------------------------
 *
 * check_acl.h
 *	  Which commands of Redis a target needs, and what the rules of a user say
 *	  about one of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_ACL_H
#define UNCACHED_CHECK_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/url.h"
#include "batch/name_kind.h"

/* What asks for commands; bits. */
typedef enum CheckNeed
{
	CHECK_NEED_ALWAYS = 1,
	CHECK_NEED_DATABASE = 2,	/* another database than 0 */
	CHECK_NEED_SWEEP = 4,
	CHECK_NEED_CLUSTER = 8
} CheckNeed;

/* Likewise: rules that make names of a kind, or of any. */
#define CHECK_NEED_KIND(kind) (16 * NAME_KIND_BIT(kind))
#define CHECK_NEEDS_OF_RULES (16 * NAME_KINDS_ALL)

/* The needs of every target with that URL, and a sweep so often; 0 is never. */
extern unsigned int check_acl_needs_of_settings(const RedisUrl *url, int64_t sweep_ms);

/* The needs of rules with an action of the journal; 0 for none besides ALWAYS. */
extern unsigned int check_acl_needs_of(const char *action);

#define CHECK_ACL_WORDS_MAX 5

typedef struct CheckCommand
{
	const char *name;			/* as ACL SETUSER has it, in lower case */
	unsigned int needs;			/* any of them needs it, besides kinds */
	const char *words[CHECK_ACL_WORDS_MAX]; /* an example of a call; "" is a
											 * key; ends with NULL */
	bool		is_harmless;	/* the example changes nothing, and has no key */
} CheckCommand;

/* Static data; ends with a command without a name. */
extern const CheckCommand check_acl_commands[];

/* Is the command needed for any of the needs? */
extern bool check_acl_is_needed(const CheckCommand *command, unsigned int needs);

/* Does any of the needs have a script run? */
extern bool check_acl_needs_scripts(unsigned int needs);

typedef enum CheckAnswer
{
	CHECK_ALLOWED,
	CHECK_DENIED,
	CHECK_UNDECIDED				/* by a category, whose commands differ from
								 * version to version */
} CheckAnswer;

/* May who has these rules ("-@all +get", of ACL GETUSER) call the command? */
extern CheckAnswer check_acl_look_up(const char *rules, const char *command);

#endif
