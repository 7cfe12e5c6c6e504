/*-------------------------------------------------------------------------
 *
 * fuzz_template.c
 *	  Templates: what is read and printed reads the same, and the pattern for
 *	  any row matches whatever a row renders to.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "rule/template.h"
#include "batch/glob.h"

/* What some row has in place of a placeholder. */
static const char value[] = "*]\\[^?\xff\n{}";

typedef struct Text
{
	char	   *bytes;
	size_t		count;
} Text;

static void
append(Text *text, const char *bytes, size_t count)
{
	memcpy(text->bytes + text->count, bytes, count);
	text->count += count;
}

static void
append_literal(Text *text, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		append(text, bytes + i, 1);
		if (bytes[i] == '{' || bytes[i] == '}')
			append(text, bytes + i, 1);
	}
}

/*
 * Reads a template; prints it, and renders it with "value" for each
 * placeholder.  False if it is invalid; then "rendered" has what came before.
 */
static bool
read_template(const char *text, size_t length, Text *printed, Text *rendered, size_t *placeholders)
{
	TemplateReader reader;
	TemplatePart part;
	TemplatePartKind kind;

	*placeholders = 0;
	template_reader_init(&reader, text, length);
	FUZZ_CHECK(reader.error != NULL || template_is_target(reader.target, reader.target_length));
	append(printed, reader.target, reader.target_length);
	append(printed, "://", 3);
	while ((kind = template_next(&reader, &part)) != TEMPLATE_END && kind != TEMPLATE_INVALID)
	{
		FUZZ_CHECK(part.kind == kind);
		FUZZ_CHECK(part.text >= text && part.length <= length &&
				   part.text + part.length <= text + length);
		if (kind == TEMPLATE_LITERAL)
		{
			append_literal(printed, part.text, part.length);
			append(rendered, part.text, part.length);
			continue;
		}
		(*placeholders)++;
		append(printed, "{ ", 2);
		append(printed, part.text, part.length);
		append(printed, "\n}", 2);
		append(rendered, value, sizeof(value) - 1);
	}
	FUZZ_CHECK(template_next(&reader, &part) == kind);
	FUZZ_CHECK((reader.error != NULL) == (kind == TEMPLATE_INVALID));
	FUZZ_CHECK(reader.error_offset <= length);
	return kind == TEMPLATE_END;
}

static Text
make_text(size_t length)
{
	Text		text = {.count = 0};

	/* a placeholder of one byte between braces may become a value */
	text.bytes = fuzz_alloc(8 * length * sizeof(value) + 64);
	return text;
}

static void
check_reprint(const Text *printed)
{
	Text		again = make_text(printed->count);
	Text		rendered = make_text(printed->count);
	size_t		placeholders;

	FUZZ_CHECK(read_template(printed->bytes, printed->count, &again, &rendered, &placeholders));
	FUZZ_CHECK(again.count == printed->count &&
			   memcmp(again.bytes, printed->bytes, again.count) == 0);
	free(again.bytes);
	free(rendered.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = fuzz_copy(data, size);
	char	   *reach = fuzz_alloc(2 * size + 1);
	Text		printed = make_text(size);
	Text		rendered = make_text(size);
	size_t		reach_length;
	size_t		placeholders;
	bool		is_valid = read_template(text, size, &printed, &rendered, &placeholders);
	bool		is_pattern = template_reach(text, size, false, reach, &reach_length);

	FUZZ_CHECK(reach_length <= 2 * size + 1);
	FUZZ_CHECK(is_pattern == (!is_valid || placeholders > 0));
	if (is_pattern)
		FUZZ_CHECK(glob_match(reach, reach_length, rendered.bytes, rendered.count));
	else
		FUZZ_CHECK(reach_length == rendered.count &&
				   memcmp(reach, rendered.bytes, rendered.count) == 0);
	if (is_valid)
		check_reprint(&printed);

	FUZZ_CHECK(template_reach(text, size, true, reach, &reach_length));
	FUZZ_CHECK(reach_length <= 2 * size + 1);
	(void) template_splits_glob(text, size);
	free(rendered.bytes);
	free(printed.bytes);
	free(reach);
	free(text);
	return 0;
}
