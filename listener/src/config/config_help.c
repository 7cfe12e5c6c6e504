/*-------------------------------------------------------------------------
 *
 * config_help.c
 *	  The text of --help, in lines of at most 80 bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_help.h"

#include <string.h>

#include "config/config_settings.h"

#define LINE_BYTES 80
#define TERM_BYTES 23
#define LABEL_BYTES 64

static const char before_options[] =
"uncached deletes from Redis what committed changes in PostgreSQL made stale.\n"
"\n"
"Usage:\n"
"  uncached [OPTION]...\n"
"\n"
"Options:\n";

static const char before_sections[] =
"\n"
"Relative paths are relative to the directory in which uncached was started.\n"
"\n"
"Sections and keys of the configuration file:\n";

static const char before_variables[] =
"\n"
"Environment:\n";

const char	config_help_notes[] =
"\n"
"The command line goes before the environment, the environment before the\n"
"file. An empty variable counts as one that is not set. If the file names\n"
"targets, but none is called \"default\", the REDIS_ variables are ignored\n"
"unless --redis adds that target.\n"
"\n"
"Signals: SIGTERM and SIGINT finish the batch in hand and exit within 5 s; a\n"
"second one exits at once with status 1, and what was not acknowledged is\n"
"repeated at the next start. SIGHUP loads the configuration again, starts anew\n"
"only targets that have changed, and keeps the old one if the new one is refused.\n"
"SIGUSR1 opens the log file again.\n"
"\n"
"Exit status: 0 if all went well, 1 if it failed while running (--once could\n"
"not finish, --check-connections found something missing, --print-acl could not\n"
"ask PostgreSQL, --check-health got no answer, a second signal came, or standard\n"
"output could not be written), 2 if the command line or the configuration was\n"
"refused. --status has its own: 0 ok, 1 warning, 2 critical, 3 unknown.\n";

/* A term, and words behind it, broken between lines and indented. */
static void
print_term(FILE *stream, const char *term, const char *text)
{
	size_t		column = (size_t) fprintf(stream, "  %s", term);

	if (column >= TERM_BYTES)
	{
		(void) fputc('\n', stream);
		column = 0;
	}
	column += (size_t) fprintf(stream, "%*s", (int) (TERM_BYTES - column), "");
	while (*text != '\0')
	{
		size_t		word_bytes = strcspn(text, " ");

		if (column > TERM_BYTES && column + 1 + word_bytes > LINE_BYTES)
			column = (size_t) fprintf(stream, "\n%*s", TERM_BYTES, "") - 1;
		else if (column > TERM_BYTES)
			column += (size_t) fprintf(stream, " ");
		column += (size_t) fprintf(stream, "%.*s", (int) word_bytes, text);
		text += word_bytes;
		text += strspn(text, " ");
	}
	(void) fputc('\n', stream);
}

void
config_help_begin(FILE *stream)
{
	(void) fputs(before_options, stream);
}

void
config_help_option(FILE *stream, char letter, const char *option, const char *argument,
				   const char *help)
{
	char		label[LABEL_BYTES];
	char		short_form[] = "-x, ";

	short_form[1] = letter;
	(void) snprintf(label, sizeof(label), "%s%s%s%s", letter == 0 ? "" : short_form, option,
					argument == NULL ? "" : " ", argument == NULL ? "" : argument);
	print_term(stream, label, help);
}

/* The keys of a section "[NAME" with commas between them. */
static void
print_section(FILE *stream, const char *section)
{
	const char *name = section + 1;
	size_t		name_bytes = strcspn(name, " ]");
	char		keys[SETTINGS_MAX * 32] = "";

	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];
		size_t		used = strlen(keys);

		if (traits->section != NULL && traits->key != NULL &&
			strlen(traits->section) == name_bytes && strncmp(traits->section, name, name_bytes) == 0)
			(void) snprintf(keys + used, sizeof(keys) - used, "%s%s", used == 0 ? "" : ", ",
							traits->key);
	}
	print_term(stream, section, keys);
}

static void
print_variable(FILE *stream, const SettingTraits *traits)
{
	char		as_option[LABEL_BYTES];

	if (traits->option == NULL)
		print_term(stream, traits->variable, traits->help);
	else
	{
		(void) snprintf(as_option, sizeof(as_option), "as %s", traits->option);
		print_term(stream, traits->variable, as_option);
	}
}

void
config_help_end(FILE *stream)
{
	(void) fputs(before_sections, stream);
	for (size_t i = 0; i < config_section_count; i++)
		print_section(stream, config_sections[i]);
	(void) fputs(before_variables, stream);
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].variable != NULL)
			print_variable(stream, &config_settings[i]);
	}
	(void) fputs(config_help_notes, stream);
}
