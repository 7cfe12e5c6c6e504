/*-------------------------------------------------------------------------
 *
 * fuzz_glob.c
 *	  Redis' patterns: against a matcher that is nothing but Redis' rules, and
 *	  what escaping and the search among many patterns promise.
 *
 * The input is two lines: a pattern, and a text.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "batch/glob.h"
#include "batch/pattern_set.h"

/* The plain matcher tries everything: more would take it too long. */
#define PLAIN_BYTES_MAX 24
#define PLAIN_STARS_MAX 4

typedef struct Span
{
	const uint8_t *next;
	const uint8_t *end;
} Span;

/* The class behind "[": does it hold the byte?  Moves behind it. */
static bool
plain_class(Span *pattern, uint8_t byte)
{
	bool		is_negated = pattern->next < pattern->end && *pattern->next == '^';
	bool		is_member = false;

	if (is_negated)
		pattern->next++;
	for (; pattern->next < pattern->end && *pattern->next != ']'; pattern->next++)
	{
		uint8_t		low = *pattern->next;
		uint8_t		high = low;

		if (low == '\\' && pattern->end - pattern->next >= 2)
			low = high = *++pattern->next;
		else if (pattern->end - pattern->next >= 3 && pattern->next[1] == '-')
		{
			high = pattern->next[2];
			pattern->next += 2;
		}
		is_member |= low <= high ? byte >= low && byte <= high : byte >= high && byte <= low;
	}
	if (pattern->next < pattern->end)
		pattern->next++;
	return is_member != is_negated;
}

static bool
plain_match(Span pattern, Span text)
{
	while (pattern.next < pattern.end)
	{
		uint8_t		special = *pattern.next++;

		if (special == '*')
		{
			for (;; text.next++)
			{
				if (plain_match(pattern, text))
					return true;
				if (text.next == text.end)
					return false;
			}
		}
		if (text.next == text.end)
			return false;
		if (special == '[')
		{
			if (!plain_class(&pattern, *text.next))
				return false;
		}
		else if (special != '?')
		{
			if (special == '\\' && pattern.next < pattern.end)
				special = *pattern.next++;
			if (special != *text.next)
				return false;
		}
		text.next++;
	}
	return text.next == text.end;
}

static bool
is_plain(const char *pattern, size_t pattern_bytes, size_t text_bytes)
{
	size_t		star_count = 0;

	for (size_t i = 0; i < pattern_bytes; i++)
		star_count += pattern[i] == '*';
	return pattern_bytes <= PLAIN_BYTES_MAX && text_bytes <= PLAIN_BYTES_MAX &&
		star_count <= PLAIN_STARS_MAX;
}

static void
check_escape(const char *literal, size_t literal_bytes, const char *other, size_t other_bytes)
{
	char	   *pattern = fuzz_alloc(2 * literal_bytes);
	char	   *prefix = fuzz_alloc(2 * literal_bytes);
	size_t		pattern_bytes = glob_escape(literal, literal_bytes, pattern);
	size_t		prefix_bytes;
	bool		is_same = literal_bytes == other_bytes &&
	memcmp(literal, other, literal_bytes) == 0;

	FUZZ_CHECK(pattern_bytes <= 2 * literal_bytes);
	FUZZ_CHECK(glob_match(pattern, pattern_bytes, literal, literal_bytes));
	FUZZ_CHECK(glob_match(pattern, pattern_bytes, other, other_bytes) == is_same);
	FUZZ_CHECK(glob_literal_prefix(pattern, pattern_bytes, prefix, &prefix_bytes));
	FUZZ_CHECK(prefix_bytes == literal_bytes && memcmp(prefix, literal, literal_bytes) == 0);
	free(prefix);
	free(pattern);
}

static void
check_prefix(const char *pattern, size_t pattern_bytes, const char *text, size_t text_bytes,
			 bool is_match)
{
	char	   *prefix = fuzz_alloc(pattern_bytes);
	size_t		prefix_bytes;
	bool		is_literal = glob_literal_prefix(pattern, pattern_bytes, prefix, &prefix_bytes);

	FUZZ_CHECK(prefix_bytes <= pattern_bytes);
	if (is_match)
		FUZZ_CHECK(prefix_bytes <= text_bytes && memcmp(prefix, text, prefix_bytes) == 0);
	if (is_literal)
		FUZZ_CHECK(glob_match(pattern, pattern_bytes, prefix, prefix_bytes));
	if (is_literal && is_match)
		FUZZ_CHECK(prefix_bytes == text_bytes);
	free(prefix);
}

static void
add(NameSets *sets, NameKind kind, const char *bytes, size_t count)
{
	FUZZ_CHECK(keyset_add(&sets->of[kind], NULL, 0, bytes, count));
}

/* Among others, by which it must not be hidden; the cover must cover. */
static void
check_set(const char *pattern, size_t pattern_bytes, const char *text, size_t text_bytes,
		  bool is_match)
{
	NameSets	patterns;
	PatternSet *set;
	const char *cover;
	size_t		cover_bytes;
	unsigned int kinds;

	name_sets_init(&patterns, 1);
	add(&patterns, NAME_KEY, pattern, pattern_bytes);
	add(&patterns, NAME_TAG, pattern, pattern_bytes / 2);
	add(&patterns, NAME_VERSION, "item:*", 6);
	set = pattern_set_create(&patterns);
	FUZZ_CHECK(set != NULL);
	kinds = pattern_set_match(set, text, text_bytes);
	FUZZ_CHECK(((kinds & NAME_KIND_BIT(NAME_KEY)) != 0) == is_match);
	FUZZ_CHECK(((kinds & NAME_KIND_BIT(NAME_TAG)) != 0) ==
			   glob_match(pattern, pattern_bytes / 2, text, text_bytes));
	cover = pattern_set_cover(set, &cover_bytes);
	if (cover != NULL && kinds != 0)
		FUZZ_CHECK(glob_match(cover, cover_bytes, text, text_bytes));
	pattern_set_destroy(set);
	name_sets_free(&patterns);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		pattern_bytes = fuzz_line_length(data, size);
	size_t		rest = pattern_bytes < size ? pattern_bytes + 1 : size;
	size_t		text_bytes = size - rest;
	char	   *pattern = fuzz_copy(data, pattern_bytes);
	char	   *text = fuzz_copy(data + rest, text_bytes);
	const Span	whole_pattern = {data, data + pattern_bytes};
	const Span	whole_text = {data + rest, data + size};
	bool		is_match = glob_match(pattern, pattern_bytes, text, text_bytes);

	if (is_plain(pattern, pattern_bytes, text_bytes))
		FUZZ_CHECK(is_match == plain_match(whole_pattern, whole_text));
	check_prefix(pattern, pattern_bytes, text, text_bytes, is_match);
	check_escape(pattern, pattern_bytes, text, text_bytes);
	check_escape(text, text_bytes, pattern, pattern_bytes);
	check_set(pattern, pattern_bytes, text, text_bytes, is_match);
	free(text);
	free(pattern);
	return 0;
}
