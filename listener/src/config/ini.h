/*-------------------------------------------------------------------------
 *
 * ini.h
 *	  Reads the text of an INI file into sections of keys and values.
 *
 *		[kind]			or [kind name]
 *		key = value		or key = "value", with \" and \\ inside the quotes
 *		# comment		or ; comment, on a line of its own
 *
 * Kinds and keys are lower-case words ([a-z][a-z0-9_]*); a name is any word
 * without blanks, quotes and brackets.  Lines may be of any length and end
 * in LF or CRLF.
 * Blanks around a value are dropped unless they stand in quotes.  A ";" or "#" at the
 * begin of a value without quotes, or next to a blank in it, is refused: it looks like
 * a comment and would not be one.  So are zero bytes, and sections or keys given
 * twice.  A UTF-8 byte order mark at the begin of the text is skipped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_INI_H
#define UNCACHED_INI_H

#include <stdbool.h>
#include <stddef.h>

typedef struct IniEntry
{
	char	   *key;			/* owned */
	char	   *value;			/* owned; may be empty; may be a secret */
	size_t		line;			/* from 1 up */
} IniEntry;

typedef struct IniSection
{
	char	   *kind;			/* owned */
	char	   *name;			/* owned; NULL for [kind] */
	size_t		line;			/* from 1 up */
	IniEntry   *entries;		/* owned */
	size_t		entry_count;
} IniSection;

typedef struct IniFile
{
	IniSection *sections;		/* owned; in the file's order */
	size_t		section_count;
} IniFile;

typedef struct IniError
{
	size_t		line;			/* from 1 up */
	char		message[160];	/* what was expected; never a value */
} IniError;

/*
 * Parses "byte_count" bytes at "text" into caller's storage, to be freed by
 * ini_reset.  On false "error" is set, and nothing is allocated.
 */
extern bool ini_parse(const char *text, size_t byte_count, IniFile *file,
					  IniError *error)
			__attribute__((warn_unused_result));

/* Frees what ini_parse allocated (values are overwritten first). */
extern void ini_reset(IniFile *file);

#endif
