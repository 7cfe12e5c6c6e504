/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Splits the text of a rule, 'api://invoice:{id}', into its parts.
 *
 * Pure C without PostgreSQL's headers, so that it can be tested and fuzzed by
 * itself.  Nothing is copied: parts point into the caller's text.
 *
 *	template    = [ target "://" ] *( literal / "{{" / "}}" / placeholder )
 *	placeholder = "{" SQL expression "}"
 *
 * A brace inside an SQL string, quoted identifier, dollar quote or comment
 * does not end a placeholder.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_TEMPLATE_H
#define UNCACHE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

/* Longest name of a target. */
#define TEMPLATE_TARGET_MAX 48

/* The target of a template that names none. */
#define TEMPLATE_DEFAULT_TARGET "default"

typedef enum TemplatePartKind
{
	TEMPLATE_LITERAL,			/* text to copy */
	TEMPLATE_IDENTIFIER,		/* placeholder that is one SQL identifier */
	TEMPLATE_EXPRESSION,		/* placeholder that is anything else */
	TEMPLATE_END,				/* no more parts */
	TEMPLATE_INVALID			/* see the reader's error */
} TemplatePartKind;

typedef struct TemplatePart
{
	TemplatePartKind kind;
	const char *text;			/* borrowed from the template; without braces
								 * and surrounding spaces */
	size_t		length;			/* in bytes */
} TemplatePart;

typedef struct TemplateReader
{
	const char *target;			/* borrowed; not zero-terminated */
	size_t		target_length;	/* in bytes, 1 to TEMPLATE_TARGET_MAX */
	const char *error;			/* static text, or NULL */
	size_t		error_offset;	/* in bytes, from the start of the template */

	/* the reader's own */
	const char *start;
	const char *next;
	const char *end;
} TemplateReader;

/* Starts reading; text need not be zero-terminated, and is borrowed. */
extern void template_reader_init(TemplateReader *reader, const char *text, size_t length);

/*
 * Reads the next part.  After TEMPLATE_END or TEMPLATE_INVALID every further
 * call answers the same.
 */
extern TemplatePartKind template_next(TemplateReader *reader, TemplatePart *part);

/*
 * Writes what the template produces for whatever row: a pattern, with "*" for
 * each placeholder and for whatever follows an error, and true; or, if it has
 * neither, its one key, and false.  With is_glob the template's own text is a
 * pattern already: it is copied as it is, and the answer is true; where it
 * splits, "*" is the rest.  out has room for TEMPLATE_REACH_ROOM(length) bytes and is not
 * zero-terminated.
 *
 * Of more than TEMPLATE_REACH_MAX_BYTES only the beginning is looked at: the result is a pattern
 * that matches more, or the beginning of a key that is longer than any may be.
 */
#define TEMPLATE_REACH_MAX_BYTES (4 * 1024 * 1024)
#define TEMPLATE_REACH_BYTES(length) \
	((length) < TEMPLATE_REACH_MAX_BYTES ? (length) : TEMPLATE_REACH_MAX_BYTES)
#define TEMPLATE_REACH_ROOM(length) (2 * TEMPLATE_REACH_BYTES(length) + 2)
extern bool template_reach(const char *text, size_t length, bool is_glob,
						   char *out, size_t *out_length);

/*
 * Does a placeholder of a glob's template stand in brackets or behind a
 * backslash, where "*" in its place would match only a star?
 */
extern bool template_splits_glob(const char *text, size_t length);

/*
 * The length of a target's name at the start of text if "://" follows it, or 0.
 * A name longer than TEMPLATE_TARGET_MAX counts; the caller refuses it.
 */
extern size_t template_target_length(const char *text, size_t length);

/* Is this a target's name: a letter, then letters, digits, '_', '.', '-'? */
extern bool template_is_target(const char *text, size_t length);

#endif
