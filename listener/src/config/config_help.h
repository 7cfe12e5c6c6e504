/*-------------------------------------------------------------------------
 *
 * config_help.h
 *	  The text of --help, in lines of at most 80 bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_HELP_H
#define UNCACHED_CONFIG_HELP_H

#include <stdio.h>

/* What stands in front of the options. */
extern void config_help_begin(FILE *stream);

/* One option; "letter" may be 0, "argument" NULL. */
extern void config_help_option(FILE *stream, char letter, const char *option,
							   const char *argument, const char *help);

/* What comes after them: the file's sections, variables, signals, exit codes. */
extern void config_help_end(FILE *stream);

/* The end of that: what goes before what, signals, exit codes; an empty line between paragraphs. */
extern const char config_help_notes[];

#endif
