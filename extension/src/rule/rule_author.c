/*-------------------------------------------------------------------------
 *
 * rule_author.c
 *	  Whose rights the queries of a rule have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "rule/rule_author.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#define MARK_OF_NAME "as \""
#define MARK_OF_OID "\", oid "
#define MARK_OF_SYSTEM " of system "
#define MARK_OF_SUPERUSER ", superuser"
#define MARK_OF_USE ", uses "

/* --- the argument --- */

static bool
skip(const char **text, const char *mark)
{
	Size		length = strlen(mark);

	if (strncmp(*text, mark, length) != 0)
		return false;
	*text += length;
	return true;
}

/* A name up to the quote that ends it; two of them are one that does not. */
static bool
parse_name(const char **text, char *name)
{
	const char *p = *text;
	int			length = 0;

	while (*p != '\0' && (p[0] != '"' || p[1] == '"'))
	{
		if (length == NAMEDATALEN - 1)
			return false;
		p += *p == '"';
		name[length++] = *p++;
	}
	name[length] = '\0';
	*text = p;
	return length > 0;
}

/* As it is printed: without a sign, spaces, or zeros in front. */
static bool
parse_number(const char **text, uint64 limit, uint64 *number)
{
	const char *p = *text;

	*number = 0;
	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
	{
		if (*number > (limit - (*p - '0')) / 10)
			return false;
		*number = *number * 10 + (*p - '0');
	}
	*text = p;
	return true;
}

static bool
parse_use(const char **text, char *use)
{
	if (!skip(text, MARK_OF_USE))
		return true;
	if (strspn(*text, "0123456789abcdef") != RULE_AUTHOR_USE_LENGTH)
		return false;
	strlcpy(use, *text, RULE_AUTHOR_USE_LENGTH + 1);
	*text += RULE_AUTHOR_USE_LENGTH;
	return true;
}

static bool
parse(const char *argument, RuleAuthor *author)
{
	uint64		role_id;

	if (!skip(&argument, MARK_OF_NAME) || !parse_name(&argument, author->name) ||
		!skip(&argument, MARK_OF_OID) || !parse_number(&argument, PG_UINT32_MAX, &role_id) ||
		!skip(&argument, MARK_OF_SYSTEM) ||
		!parse_number(&argument, PG_UINT64_MAX, &author->system_id))
		return false;
	author->is_superuser = skip(&argument, MARK_OF_SUPERUSER);
	author->role_id = (Oid) role_id;
	return parse_use(&argument, author->use) && *argument == '\0';
}

bool
rule_author_parse(const char *argument, RuleAuthor *author)
{
	memset(author, 0, sizeof(*author));
	if (parse(argument, author))
		return true;
	memset(author, 0, sizeof(*author));
	return false;
}

char *
rule_author_format(const RuleAuthor *author)
{
	StringInfoData out;
	const char *p;

	initStringInfo(&out);
	appendStringInfoString(&out, MARK_OF_NAME);
	for (p = author->name; *p != '\0'; p++)
	{
		if (*p == '"')
			appendStringInfoChar(&out, '"');
		appendStringInfoChar(&out, *p);
	}
	appendStringInfo(&out, MARK_OF_OID "%u" MARK_OF_SYSTEM UINT64_FORMAT "%s%s%s",
					 author->role_id, author->system_id,
					 author->is_superuser ? MARK_OF_SUPERUSER : "",
					 author->use[0] == '\0' ? "" : MARK_OF_USE, author->use);
	return out.data;
}

int
rule_author_count(char *const *arguments, int count)
{
	RuleAuthor	author;

	return count > 0 && rule_author_parse(arguments[0], &author) ? 1 : 0;
}

/* --- the role --- */

RuleAuthor
rule_author_of_role(Oid role_id)
{
	RuleAuthor	author = {.role_id = role_id};

	strlcpy(author.name, GetUserNameFromId(role_id, false), sizeof(author.name));
	author.system_id = GetSystemIdentifier();
	author.is_superuser = superuser_arg(role_id);
	return author;
}

/* In the cluster that the oid is of, it is enough; in one made of it, the name must be his, too. */
static bool
is_role_of_this_cluster(const RuleAuthor *author)
{
	if (!OidIsValid(author->role_id) ||
		!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(author->role_id)))
		return false;
	return author->system_id == GetSystemIdentifier() ||
		get_role_oid(author->name, true) == author->role_id;
}

Oid
rule_author_find_role(const RuleAuthor *author, const char **problem, const char **detail)
{
	*problem = *detail = NULL;
	if (author->name[0] == '\0')
	{
		*problem = "its queries are not run: whose privileges they have is not known";
		*detail = "The rule was made while an event trigger of uncache was disabled.";
		return InvalidOid;
	}
	if (!is_role_of_this_cluster(author))
	{
		*problem = "its queries are not run: the role whose privileges they have does not exist";
		*detail = psprintf("It was role \"%s\".", author->name);
		return InvalidOid;
	}
	if (superuser_arg(author->role_id) && !author->is_superuser)
	{
		*problem = "its queries are not run: the role whose privileges they have has become a superuser";
		*detail = psprintf("It is role \"%s\".", GetUserNameFromId(author->role_id, false));
		return InvalidOid;
	}
	return author->role_id;
}

Oid
rule_author_owner(Oid relation_id)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation_id));
	Oid			owner_id;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation_id);
	owner_id = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner_id;
}
