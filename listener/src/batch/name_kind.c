/*-------------------------------------------------------------------------
 *
 * name_kind.c
 *	  What a kind of names is: one entry of traits for each.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/name_kind.h"

#include <stddef.h>

const NameTraits name_traits[NAME_KIND_COUNT] = {
	[NAME_KEY] = {
		.action = "keys",
		.pattern_action = "patterns",
		.log_name = "key_count",
		.head = "",
		.timing = NAME_TIMING_QUICK,
		.commands = {"unlink", NULL}
	},
	[NAME_TAG] = {
		.action = "tags",
		.pattern_action = "tag_patterns",
		.log_name = "tag_count",
		.head = NAME_TAG_HEAD,
		.timing = NAME_TIMING_STEPS,
		.commands = {"unlink", "eval", "srandmember", "srem", NULL}
	},
	[NAME_VERSION] = {
		.action = "versions",
		.pattern_action = "version_patterns",
		.log_name = "version_count",
		.head = "",
		.timing = NAME_TIMING_QUICK,
		.commands = {"unlink", "eval", "time", "incrby", "set", NULL}
	},
	[NAME_STAGGERED] = {
		.action = "keys",		/* the target's settings say which */
		.log_name = "staggered_count",
		.head = "",
		.timing = NAME_TIMING_STAGGERED,
		.commands = {"unlink", NULL}
	},
	[NAME_SET] = {
		.pattern_action = "cacheops_tables",
		.log_name = "set_count",
		.head = "",
		.timing = NAME_TIMING_STEPS,
		/* whoever has such rules has images, too */
		.commands = {"unlink", "eval", "srandmember", "srem", "smembers", "exists", NULL}
	},
	[NAME_CACHEOPS] = {
		.action = "cacheops",
		.log_name = "row_count",
		.head = "",
		.has_prefix_length = true,
		.timing = NAME_TIMING_STEPS,
		.commands = {"unlink", "eval", "srandmember", "srem", "smembers", "exists", NULL}
	},
};

unsigned int
name_kinds_with(NameTiming timing)
{
	unsigned int kinds = 0;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (name_traits[kind].timing == timing)
			kinds |= NAME_KIND_BIT(kind);
	return kinds;
}
