/*-------------------------------------------------------------------------
 *
 * print_manual.c
 *	  Makes a manual page, or a shell's completion, of its text and of the tables that
 *	  --help is made from.
 *
 * Copies standard input.  In the place of a line "@PART@" it writes that part: @options@,
 * @variables@, @notes@ or "@settings SECTION@" in troff; @words@, @files@ and @choices@ for
 * bash.  Only the build runs it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_cli.h"
#include "config/config_help.h"

#define LINE_BYTES 1024
#define SECTION_BYTES 64

/* --- troff --- */

static void
print_char(char c, bool begins_line)
{
	if (begins_line && (c == '.' || c == '\''))
		(void) fputs("\\&", stdout);
	if (c == '\\')
		(void) fputs("\\e", stdout);
	else if (c == '-')
		(void) fputs("\\-", stdout);
	else
		(void) putchar(c);
}

static void
print_text(const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		print_char(text[i], i == 0 || text[i - 1] == '\n');
}

static void
print_bold(const char *text)
{
	(void) fputs("\\fB", stdout);
	print_text(text);
	(void) fputs("\\fR", stdout);
}

static void
print_option(void *context, char letter, const char *option, const char *argument, const char *help)
{
	const char	short_form[] = {'-', letter, '\0'};

	(void) context;
	(void) fputs(".TP\n", stdout);
	if (letter != 0)
	{
		print_bold(short_form);
		(void) fputs(", ", stdout);
	}
	print_bold(option);
	if (argument != NULL)
		(void) printf(" \\fI%s\\fR", argument);
	(void) putchar('\n');
	print_text(help);
	(void) putchar('\n');
}

static void
print_variables(void)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];

		if (traits->variable == NULL)
			continue;
		(void) fputs(".TP\n", stdout);
		print_bold(traits->variable);
		(void) putchar('\n');
		if (traits->option != NULL)
		{
			(void) fputs("as ", stdout);
			print_bold(traits->option);
		}
		else
			print_text(traits->help);
		(void) putchar('\n');
	}
}

/* A blank line of the text begins a paragraph. */
static void
print_notes(void)
{
	for (const char *text = config_help_notes; *text != '\0'; text++)
	{
		if (*text == '\n' && text[1] == '\n')
			(void) fputs("\n.PP", stdout);
		else if (*text != '\n' || text != config_help_notes)
			print_char(*text, text != config_help_notes && text[-1] == '\n');
	}
}

static void
print_setting(const SettingTraits *traits)
{
	(void) fputs(".TP\n", stdout);
	print_bold(traits->key);
	(void) putchar('\n');
	print_text(traits->help);
	(void) putchar('\n');
	if (traits->variable != NULL)
	{
		(void) fputs(".br\nVariable ", stdout);
		print_bold(traits->variable);
		if (traits->option != NULL)
		{
			(void) fputs(", option ", stdout);
			print_bold(traits->option);
		}
		(void) putchar('\n');
	}
}

static bool
print_section(const char *section)
{
	bool		is_known = false;

	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];

		if (traits->section == NULL || traits->key == NULL || strcmp(traits->section, section) != 0)
			continue;
		print_setting(traits);
		is_known = true;
	}
	return is_known;
}

/* --- bash --- */

static void
print_word(void *context, char letter, const char *option, const char *argument, const char *help)
{
	(void) context;
	(void) argument;
	(void) help;
	if (letter != 0)
		(void) printf("-%c ", letter);
	(void) printf("%s ", option);
}

/* As patterns of a case. */
static void
print_file_option(void *context, char letter, const char *option, const char *argument, const char *help)
{
	bool	   *is_first = context;

	(void) help;
	if (argument == NULL || (strcmp(argument, "FILE") != 0 && strcmp(argument, "PATH") != 0))
		return;
	(void) printf("%s%s", *is_first ? "" : " | ", option);
	if (letter != 0)
		(void) printf(" | -%c", letter);
	*is_first = false;
}

static void
print_choices(void)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];

		if (traits->option == NULL || traits->choices == NULL)
			continue;
		(void) printf("\t%s)\n\t\tchoices=\"", traits->option);
		for (size_t choice = 0; traits->choices[choice] != NULL; choice++)
			(void) printf("%s%s", choice == 0 ? "" : " ", traits->choices[choice]);
		(void) fputs("\"\n\t\t;;\n", stdout);
	}
}

static void
print_words(void)
{
	(void) fputs("\tchoices=\"", stdout);
	config_cli_visit(print_word, NULL);
	(void) fputs("\"\n", stdout);
}

static void
print_files(void)
{
	bool		is_first = true;

	(void) fputs("\t", stdout);
	config_cli_visit(print_file_option, &is_first);
	(void) fputs(")\n", stdout);
}

/* --- all --- */

static bool
print_part(const char *part)
{
	char		section[SECTION_BYTES];

	if (strcmp(part, "@options@\n") == 0)
		config_cli_visit(print_option, NULL);
	else if (strcmp(part, "@variables@\n") == 0)
		print_variables();
	else if (strcmp(part, "@notes@\n") == 0)
		print_notes();
	else if (strcmp(part, "@words@\n") == 0)
		print_words();
	else if (strcmp(part, "@files@\n") == 0)
		print_files();
	else if (strcmp(part, "@choices@\n") == 0)
		print_choices();
	else if (sscanf(part, "@settings %63[a-z]@", section) == 1)
		return print_section(section);
	else
		return false;
	return true;
}

int
main(void)
{
	char		line[LINE_BYTES];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		if (line[0] != '@')
			(void) fputs(line, stdout);
		else if (!print_part(line))
		{
			(void) fprintf(stderr, "print_manual: there is no part %s", line);
			return EXIT_FAILURE;
		}
	}
	return ferror(stdin) == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
