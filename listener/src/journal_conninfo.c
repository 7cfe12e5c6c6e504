/*-------------------------------------------------------------------------
 *
 * journal_conninfo.c
 *	  Connection parameters: the user's, and ours where the user has none.
 *
 *-------------------------------------------------------------------------
 */
#include "journal_conninfo.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ours come before dbname: what the dsn given there sets, replaces them
 * (libpq's documentation, PQconnectdbParams, expand_dbname).
 */
static const char *const our_parameters[][2] = {
	{"connect_timeout", "5"},
	{"keepalives", "1"},
	{"keepalives_idle", "3"},
	{"keepalives_interval", "2"},
	{"keepalives_count", "3"},
	{"tcp_user_timeout", "9000"},
	{"target_session_attrs", "read-write"},
};

#define OUR_COUNT (sizeof(our_parameters) / sizeof(our_parameters[0]))

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *option = options;
		 option != NULL && option->keyword != NULL; option++)
		if (strcmp(option->keyword, keyword) == 0)
			return option->val;
	return NULL;
}

/* The dsn's value or, where it has none, the environment's; may be NULL. */
static const char *
effective_value(const PQconninfoOption *given, const PQconninfoOption *defaults,
				const char *keyword)
{
	const char *value = option_value(given, keyword);

	return value != NULL ? value : option_value(defaults, keyword);
}

static size_t
count_elements(const char *list)
{
	size_t		count = 1;

	if (list == NULL || *list == '\0')
		return 0;
	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/*
 * A copy of one element of a comma-separated list.  A list of one element
 * counts for all, as libpq has it for ports.
 */
static bool
copy_element(const char *list, size_t index, char **element)
{
	size_t		count = count_elements(list);

	if (count == 0)
		return true;
	for (index %= count; index > 0; index--)
		list = strchr(list, ',') + 1;
	*element = strndup(list, strcspn(list, ","));
	return *element != NULL;
}

static bool
choose_host(JournalConninfo *info, const PQconninfoOption *given,
			const PQconninfoOption *defaults, size_t attempt)
{
	const char *host = effective_value(given, defaults, "host");
	const char *hostaddr = effective_value(given, defaults, "hostaddr");
	size_t		count = count_elements(hostaddr != NULL ? hostaddr : host);

	if (count < 2)
		return true;
	return copy_element(host, attempt % count, &info->host) &&
		copy_element(hostaddr, attempt % count, &info->hostaddr) &&
		copy_element(effective_value(given, defaults, "port"),
					 attempt % count, &info->port);
}

static size_t
add_parameter(JournalConninfo *info, size_t at, const char *keyword, const char *value)
{
	if (value == NULL)
		return at;
	info->keywords[at] = keyword;
	info->values[at] = value;
	return at + 1;
}

static void
fill_parameters(JournalConninfo *info, const char *dsn, const char *application_name)
{
	size_t		at = 0;

	for (size_t i = 0; i < OUR_COUNT; i++)
		at = add_parameter(info, at, our_parameters[i][0], our_parameters[i][1]);
	at = add_parameter(info, at, "fallback_application_name", application_name);
	at = add_parameter(info, at, "dbname", dsn);
	at = add_parameter(info, at, "host", info->host);
	at = add_parameter(info, at, "hostaddr", info->hostaddr);
	(void) add_parameter(info, at, "port", info->port);
}

bool
journal_conninfo_build(const char *dsn, const char *application_name,
					   size_t attempt, JournalConninfo *info)
{
	PQconninfoOption *defaults = PQconndefaults();
	PQconninfoOption *given = PQconninfoParse(dsn, NULL);
	bool		built;

	memset(info, 0, sizeof(*info));
	built = choose_host(info, given, defaults, attempt);
	if (built)
		fill_parameters(info, dsn, application_name);
	else
		journal_conninfo_reset(info);
	PQconninfoFree(given);
	PQconninfoFree(defaults);
	return built;
}

bool
journal_conninfo_is_valid(const char *dsn)
{
	PQconninfoOption *options = PQconninfoParse(dsn, NULL);
	bool		is_valid = options != NULL;

	/* a plain database name cannot be parsed, and needs not */
	if (!is_valid)
		is_valid = strchr(dsn, '=') == NULL && strstr(dsn, "://") == NULL;
	PQconninfoFree(options);
	return is_valid;
}

void
journal_conninfo_reset(JournalConninfo *info)
{
	free(info->host);
	free(info->hostaddr);
	free(info->port);
	memset(info, 0, sizeof(*info));
}
