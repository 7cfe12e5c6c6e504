/*-------------------------------------------------------------------------
 *
 * bounded_key.c
 *	  A shorter pattern in the place of a key that is too long.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/bounded_key.h"
#include "base/client_text.h"
#include "base/glob.h"
#include "base/guc.h"

/* The bytes of a character with its backslash; 0 for brackets, which may hold any. */
static Size
glob_element(const char *glob, Size length)
{
	Size		escape = glob[0] == '\\' && length > 1 ? 1 : 0;

	if (glob[0] == '[')
		return 0;
	return escape + client_text_character(glob + escape, (int) (length - escape));
}

/* As much of the beginning as there is room for, and "*" for the rest. */
static char *
prefix_of_glob(const char *glob, Size length, Size room, Size *result_length)
{
	char	   *prefix;
	Size		at = 0;
	Size		bytes;

	while (at < length && (bytes = glob_element(glob + at, length - at)) > 0 && at + bytes < room)
		at += bytes;
	prefix = palloc(at + 1);
	memcpy(prefix, glob, at);
	prefix[at] = '*';
	*result_length = at + 1;
	return prefix;
}

static char *
prefix_of_key(const char *key, Size length, Size room, Size *result_length)
{
	char	   *prefix = palloc(room);
	Size		at = 0;
	Size		n = 0;

	while (at < length)
	{
		Size		escape = glob_is_special(key[at]) ? 1 : 0;
		Size		bytes = client_text_character(key + at, (int) (length - at));

		if (n + escape + bytes >= room)
			break;
		if (escape > 0)
			prefix[n++] = '\\';
		memcpy(prefix + n, key + at, bytes);
		n += bytes;
		at += bytes;
	}
	prefix[n++] = '*';
	*result_length = n;
	return prefix;
}

bool
bounded_key_replace(InvalidationAction *action, const char **key, Size *length)
{
	Size		room = guc_max_key_bytes;
	InvalidationAction by_glob = invalidation_action_by_glob(*action);

	if (*length <= room)
		return false;
	if (*action == INVALIDATION_CACHEOPS || *action == INVALIDATION_CACHEOPS_TABLES)
	{
		*action = INVALIDATION_PATTERNS;
		*key = "*";
		*length = 1;
		return true;
	}
	*key = by_glob == *action ? prefix_of_glob(*key, *length, room, length) : prefix_of_key(*key, *length, room, length);
	*action = by_glob;
	return true;
}
