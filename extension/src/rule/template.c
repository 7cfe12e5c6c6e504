/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Splits the text of a rule into its parts.
 *
 *-------------------------------------------------------------------------
 */
#include "rule/template.h"

#include <string.h>

#include "base/glob.h"

static const char target_separator[] = "://";

#define TARGET_SEPARATOR_LENGTH (sizeof(target_separator) - 1)

/* Character classes without <ctype.h>: the answer must not depend on a locale. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_identifier_start(char c)
{
	return is_letter(c) || c == '_' || (unsigned char) c >= 0x80;
}

static bool
is_identifier_part(char c)
{
	return is_identifier_start(c) || is_digit(c) || c == '$';
}

static bool
is_target_part(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

size_t
template_target_length(const char *text, size_t length)
{
	size_t		n = 0;

	if (length == 0 || !is_letter(text[0]))
		return 0;
	while (n < length && is_target_part(text[n]))
		n++;
	if (length - n < TARGET_SEPARATOR_LENGTH ||
		memcmp(text + n, target_separator, TARGET_SEPARATOR_LENGTH) != 0)
		return 0;
	return n;
}

bool
template_is_target(const char *text, size_t length)
{
	size_t		i;

	if (length == 0 || length > TEMPLATE_TARGET_MAX || !is_letter(text[0]))
		return false;
	for (i = 1; i < length; i++)
	{
		if (!is_target_part(text[i]))
			return false;
	}
	return true;
}

static TemplatePartKind
refuse(TemplateReader *reader, const char *error, const char *where)
{
	reader->error = error;
	reader->error_offset = (size_t) (where - reader->start);
	return TEMPLATE_INVALID;
}

void
template_reader_init(TemplateReader *reader, const char *text, size_t length)
{
	size_t		target_length = template_target_length(text, length);

	reader->error = NULL;
	reader->error_offset = 0;
	reader->start = text;
	reader->next = text;
	reader->end = text + length;
	reader->target = TEMPLATE_DEFAULT_TARGET;
	reader->target_length = strlen(TEMPLATE_DEFAULT_TARGET);
	if (target_length > TEMPLATE_TARGET_MAX)
		(void) refuse(reader, "the target's name is longer than 48 bytes", text);
	else if (target_length > 0)
	{
		reader->target = text;
		reader->target_length = target_length;
		reader->next = text + target_length + TARGET_SEPARATOR_LENGTH;
	}
}

/*
 * The end of a quoted stretch that starts at p (on the quote), or NULL if it
 * is not closed.  A doubled quote reads as two stretches side by side, which
 * for finding the end is the same.
 */
static const char *
skip_quoted(const char *p, const char *end, bool backslash_escapes)
{
	const char	quote = *p++;

	for (; p < end; p++)
	{
		if (*p == quote)
			return p + 1;
		if (backslash_escapes && *p == '\\' && p + 1 < end)
			p++;
	}
	return NULL;
}

/*
 * The end of the dollar quote that starts at p, NULL if it is not closed, or p
 * + 1 if this dollar opens none.
 */
static const char *
skip_dollar_quoted(const char *p, const char *end)
{
	const char *tag_end = p + 1;
	size_t		tag_length;
	const char *q;

	if (tag_end < end && is_identifier_start(*tag_end))
	{
		while (tag_end < end && is_identifier_part(*tag_end) && *tag_end != '$')
			tag_end++;
	}
	if (tag_end >= end || *tag_end != '$')
		return p + 1;
	tag_length = (size_t) (tag_end - p) + 1;
	for (q = tag_end + 1; (size_t) (end - q) >= tag_length; q++)
	{
		if (memcmp(q, p, tag_length) == 0)
			return q + tag_length;
	}
	return NULL;
}

/* The end of a comment with nesting that starts at p, or NULL. */
static const char *
skip_block_comment(const char *p, const char *end)
{
	int			depth = 0;

	while (end - p >= 2)
	{
		if (p[0] == '/' && p[1] == '*')
		{
			depth++;
			p += 2;
		}
		else if (p[0] == '*' && p[1] == '/')
		{
			p += 2;
			if (--depth == 0)
				return p;
		}
		else
			p++;
	}
	return NULL;
}

/* The end of the SQL token (or single character) at p; NULL if it is open. */
static const char *
skip_sql_token(const char *p, const char *end)
{
	if (*p == '\'' || *p == '"')
		return skip_quoted(p, end, false);
	if (*p == '$')
		return skip_dollar_quoted(p, end);
	if (end - p >= 2 && p[0] == '/' && p[1] == '*')
		return skip_block_comment(p, end);
	if (end - p >= 2 && p[0] == '-' && p[1] == '-')
	{
		while (p < end && *p != '\n')
			p++;
		return p;
	}
	if (is_identifier_start(*p))
	{
		const char *word = p;

		while (p < end && is_identifier_part(*p))
			p++;
		/* E'…' is the one kind of string in which a backslash escapes */
		if (p - word == 1 && (*word == 'e' || *word == 'E') &&
			p < end && *p == '\'')
			return skip_quoted(p, end, true);
		return p;
	}
	return p + 1;
}

/* Is this exactly one identifier, plain or in double quotes? */
static bool
is_identifier(const char *text, size_t length)
{
	const char *end = text + length;
	const char *p;

	if (*text == '"')
	{
		for (p = text + 1; p < end; p++)
		{
			if (*p != '"')
				continue;
			if (p + 1 == end)
				return length > 2;
			if (p[1] != '"')
				return false;
			p++;
		}
		return false;
	}
	if (!is_identifier_start(*text))
		return false;
	for (p = text; p < end; p++)
	{
		if (!is_identifier_part(*p))
			return false;
	}
	return true;
}

/* reader->next stands on the opening brace. */
static TemplatePartKind
read_placeholder(TemplateReader *reader, TemplatePart *part)
{
	const char *open = reader->next;
	const char *p = open + 1;
	const char *text;

	while (p != NULL && p < reader->end && *p != '}')
		p = skip_sql_token(p, reader->end);
	if (p == NULL || p >= reader->end)
		return refuse(reader, "a placeholder is not closed by \"}\"", open);
	reader->next = p + 1;

	for (text = open + 1; text < p && is_space(*text); text++)
		;
	while (p > text && is_space(p[-1]))
		p--;
	if (p == text)
		return refuse(reader, "a placeholder is empty", open);
	part->text = text;
	part->length = (size_t) (p - text);
	part->kind = is_identifier(part->text, part->length) ?
		TEMPLATE_IDENTIFIER : TEMPLATE_EXPRESSION;
	return part->kind;
}

/*
 * Reads up to the next placeholder.  A doubled brace ends a literal after its
 * first brace and is skipped, so that no byte has to be copied.
 */
static TemplatePartKind
read_literal(TemplateReader *reader, TemplatePart *part)
{
	const char *p = reader->next;

	part->kind = TEMPLATE_LITERAL;
	part->text = p;
	while (p < reader->end && *p != '{' && *p != '}')
		p++;
	if (p < reader->end && p + 1 < reader->end && p[1] == *p)
	{
		part->length = (size_t) (p + 1 - part->text);
		reader->next = p + 2;
		return TEMPLATE_LITERAL;
	}
	if (p < reader->end && *p == '}')
		return refuse(reader, "\"}\" without \"{\" (a literal brace is doubled)", p);
	part->length = (size_t) (p - part->text);
	reader->next = p;
	return TEMPLATE_LITERAL;
}

TemplatePartKind
template_next(TemplateReader *reader, TemplatePart *part)
{
	const char *p = reader->next;

	part->text = p;
	part->length = 0;
	if (reader->error != NULL)
		part->kind = TEMPLATE_INVALID;
	else if (p == reader->end)
		part->kind = TEMPLATE_END;
	else if (*p == '{' && !(p + 1 < reader->end && p[1] == '{'))
		part->kind = read_placeholder(reader, part);
	else
		part->kind = read_literal(reader, part);
	return part->kind;
}

static bool
has_placeholder(const char *text, size_t length)
{
	TemplateReader reader;
	TemplatePart part;

	template_reader_init(&reader, text, length);
	while (template_next(&reader, &part) == TEMPLATE_LITERAL)
		;
	return part.kind != TEMPLATE_END;
}

/* Where in a glob a reader is that goes through it byte by byte. */
typedef enum GlobState
{
	GLOB_BETWEEN,				/* no element is open */
	GLOB_ESCAPE,				/* behind a backslash */
	GLOB_CLASS_START,			/* behind "[" */
	GLOB_CLASS,					/* in brackets, between members */
	GLOB_CLASS_MEMBER,			/* behind one that may begin a range */
	GLOB_CLASS_RANGE,			/* behind its "-": even "]" is its end */
	GLOB_CLASS_ESCAPE			/* behind a backslash in brackets */
} GlobState;

typedef struct GlobPlace
{
	GlobState	state;
	size_t		element;		/* where the open element starts */
} GlobPlace;

static GlobState
step_in_class(GlobState state, char c)
{
	if (state == GLOB_CLASS_RANGE || state == GLOB_CLASS_ESCAPE)
		return GLOB_CLASS;
	if (state == GLOB_CLASS_START && c == '^')
		return GLOB_CLASS;
	if (state == GLOB_CLASS_MEMBER && c == '-')
		return GLOB_CLASS_RANGE;
	if (c == '\\')
		return GLOB_CLASS_ESCAPE;
	return c == ']' ? GLOB_BETWEEN : GLOB_CLASS_MEMBER;
}

static void
glob_step(GlobPlace *place, char c, size_t at)
{
	switch (place->state)
	{
		case GLOB_BETWEEN:
			place->element = at;
			if (c == '\\')
				place->state = GLOB_ESCAPE;
			else if (c == '[')
				place->state = GLOB_CLASS_START;
			break;
		case GLOB_ESCAPE:
			place->state = GLOB_BETWEEN;
			break;
		default:
			place->state = step_in_class(place->state, c);
			break;
	}
}

static bool
is_inside_element(const GlobPlace *place)
{
	return place->state != GLOB_BETWEEN;
}

bool
template_splits_glob(const char *text, size_t length)
{
	GlobPlace	place = {GLOB_BETWEEN, 0};
	TemplateReader reader;
	TemplatePart part;
	size_t		i;

	template_reader_init(&reader, text, length);
	while (template_next(&reader, &part) != TEMPLATE_END)
	{
		if (part.kind != TEMPLATE_LITERAL)
		{
			if (is_inside_element(&place))
				return true;
			if (part.kind == TEMPLATE_INVALID)
				break;
		}
		for (i = 0; part.kind == TEMPLATE_LITERAL && i < part.length; i++)
			glob_step(&place, part.text[i], 0);
	}
	return false;
}

/* Of a text of which only the beginning was looked at, and may end within a character. */
static size_t
cut_reach(char *out, size_t n, bool is_glob)
{
	if (is_glob)
		n = 0;
	while (n > 0 && ((unsigned char) out[n - 1] & 0x80) != 0)
		n--;
	out[n++] = '*';
	return n;
}

bool
template_reach(const char *text, size_t length, bool is_glob,
			   char *out, size_t *out_length)
{
	bool		is_pattern = is_glob || has_placeholder(text, length);
	bool		after_wildcard = false;
	GlobPlace	place = {GLOB_BETWEEN, 0};
	TemplateReader reader;
	TemplatePart part;
	size_t		n = 0;
	size_t		i;

	template_reader_init(&reader, text, TEMPLATE_REACH_BYTES(length));
	while (template_next(&reader, &part) != TEMPLATE_END)
	{
		bool		ends = part.kind == TEMPLATE_INVALID;

		if (is_glob && part.kind != TEMPLATE_LITERAL && is_inside_element(&place))
		{
			n = place.element;
			after_wildcard = false;
			ends = true;
		}
		if (part.kind != TEMPLATE_LITERAL && !after_wildcard)
			out[n++] = '*';
		if (ends)
			break;
		after_wildcard = part.kind != TEMPLATE_LITERAL;
		for (i = 0; part.kind == TEMPLATE_LITERAL && i < part.length; i++)
		{
			if (is_pattern && !is_glob && glob_is_special(part.text[i]))
				out[n++] = '\\';
			glob_step(&place, part.text[i], n);
			out[n++] = part.text[i];
		}
	}
	if (is_pattern && length > TEMPLATE_REACH_MAX_BYTES)
		n = cut_reach(out, n, is_glob);
	*out_length = n;
	return is_pattern;
}
