/*-------------------------------------------------------------------------
 *
 * journal_conninfo.c
 *	  Connection parameters: the user's, and ours where the user has none.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_conninfo.h"

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

/*
 * All parameters that are in force: those of the dsn, of a service file, of the
 * environment and libpq's own.  libpq tells them of a connection only.  This one
 * ends at an sslmode that does not exist, before it would look up a host; the
 * password keeps it from reading a file of them.
 */
static PQconninfoOption *
read_effective(const char *dsn)
{
	const char *const keywords[] = {"dbname", "password", "sslmode", NULL};
	const char *const values[] = {dsn, "none", "none", NULL};
	PGconn	   *conn = PQconnectStartParams(keywords, values, 1);
	PQconninfoOption *options = PQconninfo(conn);

	PQfinish(conn);
	return options;
}

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (strcmp(option->keyword, keyword) == 0)
			return option->val;
	return NULL;
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
choose_host(JournalConninfo *info, const PQconninfoOption *options, size_t attempt)
{
	const char *host = option_value(options, "host");
	const char *hostaddr = option_value(options, "hostaddr");
	size_t		count = count_elements(hostaddr != NULL ? hostaddr : host);

	info->host_count = count;
	if (count == 0)
		return true;
	return copy_element(host, attempt % count, &info->host) &&
		copy_element(hostaddr, attempt % count, &info->hostaddr) &&
		copy_element(option_value(options, "port"), attempt % count, &info->port);
}

static void
add_parameter(JournalConninfo *info, const char *keyword, const char *value)
{
	if (value == NULL)
		return;
	info->keywords[info->count] = keyword;
	info->values[info->count] = value;
	info->count++;
}

static void
fill_parameters(JournalConninfo *info, const char *dsn, const char *application_name)
{
	for (size_t i = 0; i < OUR_COUNT; i++)
		add_parameter(info, our_parameters[i][0], our_parameters[i][1]);
	add_parameter(info, "fallback_application_name", application_name);
	add_parameter(info, "dbname", dsn);
	add_parameter(info, "host", info->host);
	add_parameter(info, "port", info->port);
	/* the last one: journal_conninfo_set_address replaces it */
	add_parameter(info, "hostaddr", info->hostaddr);
}

bool
journal_conninfo_build(const char *dsn, const char *application_name,
					   size_t attempt, JournalConninfo *info)
{
	PQconninfoOption *options = read_effective(dsn);
	bool		built;

	memset(info, 0, sizeof(*info));
	built = options != NULL && choose_host(info, options, attempt);
	if (built)
		fill_parameters(info, dsn, application_name);
	else
		journal_conninfo_reset(info);
	PQconninfoFree(options);
	return built;
}

/* As libpq tells a path, and what is left empty. */
bool
journal_conninfo_has_name(const JournalConninfo *info)
{
	return info->host != NULL && strchr("/@", info->host[0]) == NULL &&
		(info->hostaddr == NULL || info->hostaddr[0] == '\0');
}

void
journal_conninfo_set_address(JournalConninfo *info, const char *address)
{
	if (strcmp(info->keywords[info->count - 1], "hostaddr") == 0)
		info->count--;
	add_parameter(info, "hostaddr", address);
}

bool
journal_conninfo_is_valid(const char *dsn)
{
	PQconninfoOption *options = PQconninfoParse(dsn, NULL);
	bool		is_valid = options != NULL;

	/* a plain database name cannot be parsed, and need not be */
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
