/*-------------------------------------------------------------------------
 *
 * config_cli.c
 *	  Settings from the command line.
 *
 * Messages name options by their position or up to the "=": an argument that
 * is not understood may hold a password.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/config_help.h"

/* An option that is no setting; sets a flag of the CommandLine, or ends the reading. */
typedef struct Command
{
	const char *option;
	char		letter;
	CommandLineOutcome outcome;
	size_t		flag;			/* offset in CommandLine; with
								 * COMMAND_LINE_READ */
	const char *argument;		/* NULL if it has no value; else that is a
								 * text at the offset */
	const char *help;
} Command;

static const Command commands[] = {
	{"--once", 0, COMMAND_LINE_READ, offsetof(CommandLine, once), NULL, "apply what is pending, then exit"},
	{"--check-config", 0, COMMAND_LINE_READ, offsetof(CommandLine, check_only), NULL,
	"show the targets of a valid configuration, then exit"},
	{"--check-connections", 0, COMMAND_LINE_READ, offsetof(CommandLine, check_connections), NULL,
		"ask PostgreSQL and every target whether they have all that is needed, say what is missing,"
	" then exit"},
	{"--print-acl", 0, COMMAND_LINE_READ, offsetof(CommandLine, print_acl), NULL,
		"ask PostgreSQL which actions the rules have, print the ACL SETUSER for each target's Redis,"
	" then exit"},
	{"--check-health", 0, COMMAND_LINE_READ, offsetof(CommandLine, check_health), NULL,
	"ask the daemon that runs with this health socket for the states of its targets, then exit"},
	{"--status", 0, COMMAND_LINE_READ, offsetof(CommandLine, status), NULL,
		"show all targets and how far they are, then exit: 0 ok, 1 warning, 2 critical,"
	" 3 unknown, as plugins for monitoring do"},
	{"--tail", 0, COMMAND_LINE_READ, offsetof(CommandLine, tail), NULL,
	"show each invalidation when it is committed, until Ctrl-C, without disturbing the daemon"},
	{"--filter", 0, COMMAND_LINE_READ, offsetof(CommandLine, filter), "GLOB",
	"with --tail: only keys that match this glob, as Redis' KEYS has it"},
	{"--json", 0, COMMAND_LINE_READ, offsetof(CommandLine, json), NULL,
	"with --status or --tail: as JSON"},
	{"--version", 'V', COMMAND_LINE_VERSION, 0, NULL, "show the version, then exit"},
	{"--help", 'h', COMMAND_LINE_HELP, 0, NULL, "show this help, then exit"},
};

/* getopt_long wants names without them. */
#define DASHES_BYTES strlen("--")

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* Codes of getopt_long, beyond every letter: a setting's, a command's place in its table. */
#define FIRST_SETTING 256
#define FIRST_COMMAND (FIRST_SETTING + SETTINGS_MAX)

/* What getopt_long wants, made from the tables. */
typedef struct Options
{
	struct option names[SETTINGS_MAX + COMMAND_COUNT + 1];
	char		letters[2 + 2 * SETTINGS_MAX + COMMAND_COUNT + 1];
} Options;

static void
add_letter(Options *options, char letter, bool has_value)
{
	size_t		used = strlen(options->letters);

	if (letter != 0)
		(void) snprintf(options->letters + used, sizeof(options->letters) - used, "%c%s", letter,
						has_value ? ":" : "");
}

/* glibc starts over where optind is 0. */
static void
start_options(Options *options)
{
	size_t		count = 0;

	/* "+" keeps getopt_long from reordering argv, ":" tells a missing value */
	*options = (Options)
	{
		.letters = "+:"
	};
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].option == NULL)
			continue;
		options->names[count++] = (struct option)
		{
			config_settings[i].option + DASHES_BYTES, required_argument, NULL, FIRST_SETTING + (int) i
		};
		add_letter(options, config_settings[i].letter, true);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
	{
		options->names[count++] = (struct option)
		{
			commands[i].option + DASHES_BYTES, commands[i].argument != NULL ? required_argument : no_argument,
				NULL, FIRST_COMMAND + (int) i
		};
		add_letter(options, commands[i].letter, false);
	}
	optind = 0;
	opterr = 0;
}

/* The code of a long option for a short one's letter. */
static int
find_letter(int letter)
{
	for (size_t i = 0; i < config_setting_count; i++)
		if (config_settings[i].letter == letter)
			return FIRST_SETTING + (int) i;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (commands[i].letter == letter)
			return FIRST_COMMAND + (int) i;
	return letter;
}

/* The code of the next option, '?' or ':' as getopt_long says it, or -1. */
static int
next_option(const Options *options, int argc, char *const argv[])
{
	int			option = getopt_long(argc, argv, options->letters, options->names, NULL);

	return option == -1 || option == '?' || option == ':' ? option : find_letter(option);
}

/*
 * Of a long option optopt is its code, or 0 for an unknown one; of a short one
 * its letter.
 */
static CommandLineOutcome
refuse_option(char *const argv[], int option, const ConfigError *error)
{
	Setting		place = {.origin = "command line"};
	const char *argument = argv[optind - 1];
	int			name_bytes = (int) strcspn(argument, "=");

	if (option == ':')
		(void) config_refuse(error, &place, "expected a value after %.*s", name_bytes, argument);
	else if (optopt >= FIRST_SETTING)
		(void) config_refuse(error, &place, "expected no value for %.*s", name_bytes, argument);
	else if (optopt == 0)
		(void) config_refuse(error, &place, "unknown or ambiguous option %.*s; --help lists them all",
							 name_bytes, argument);
	else
		(void) config_refuse(error, &place, "unknown short option; --help lists them all");
	return COMMAND_LINE_REFUSED;
}

static CommandLineOutcome
read_option(int option, CommandLine *line)
{
	const Command *command;

	if (option < FIRST_SETTING)
		return COMMAND_LINE_REFUSED;
	if (option < FIRST_COMMAND)
	{
		size_t		setting = (size_t) (option - FIRST_SETTING);

		line->settings.given[setting] = (Setting)
		{
			.value = optarg,.origin = config_settings[setting].option
		};
		return COMMAND_LINE_READ;
	}
	command = &commands[option - FIRST_COMMAND];
	if (command->argument != NULL)
		*(const char **) (void *) ((char *) line + command->flag) = optarg;
	else if (command->outcome == COMMAND_LINE_READ)
		*(bool *) ((char *) line + command->flag) = true;
	return command->outcome;
}

/* What belongs to another option. */
static CommandLineOutcome
check_companions(const CommandLine *line, const ConfigError *error)
{
	Setting		place = {.origin = "command line"};

	if (line->filter != NULL && !line->tail)
		(void) config_refuse(error, &place, "expected --tail with --filter");
	else if (line->json && !line->status && !line->tail)
		(void) config_refuse(error, &place, "expected --status or --tail with --json");
	else
		return COMMAND_LINE_READ;
	return COMMAND_LINE_REFUSED;
}

bool
config_cli_asks_status(int argc, char *const argv[], bool *is_json)
{
	char		text[256];
	const ConfigError error = {text, sizeof(text)};
	CommandLine line;

	(void) !config_cli_read(argc, argv, &line, &error);
	*is_json = line.json;
	return line.status;
}

CommandLineOutcome
config_cli_read(int argc, char *const argv[], CommandLine *line, const ConfigError *error)
{
	Setting		place = {.origin = "command line"};
	Options		options;
	int			option;

	memset(line, 0, sizeof(*line));
	start_options(&options);
	while ((option = next_option(&options, argc, argv)) != -1)
	{
		CommandLineOutcome outcome = read_option(option, line);

		if (outcome == COMMAND_LINE_REFUSED)
			return refuse_option(argv, option, error);
		if (outcome != COMMAND_LINE_READ)
			return outcome;
	}
	if (optind < argc)
	{
		(void) config_refuse(error, &place, "argument %d is not an option; --help lists them all", optind);
		return COMMAND_LINE_REFUSED;
	}
	return check_companions(line, error);
}

void
config_cli_visit(CommandLineVisit visit, void *context)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];

		if (traits->option != NULL)
			visit(context, traits->letter, traits->option, traits->argument, traits->help);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		visit(context, commands[i].letter, commands[i].option, commands[i].argument, commands[i].help);
}

static void
print_option(void *context, char letter, const char *option, const char *argument, const char *help)
{
	config_help_option(context, letter, option, argument, help);
}

void
config_cli_help(void)
{
	config_help_begin(stdout);
	config_cli_visit(print_option, stdout);
	config_help_end(stdout);
}

void
config_hide_secrets(int argc, char *argv[])
{
	Options		options;
	int			option;

	start_options(&options);
	while ((option = next_option(&options, argc, argv)) != -1)
	{
		if (option >= FIRST_SETTING && option < FIRST_COMMAND)
		{
			const SettingTraits *traits = &config_settings[option - FIRST_SETTING];

			if (traits->has_secret != NULL && traits->has_secret(optarg))
				memset(optarg, 'x', strlen(optarg));
		}
	}
}
