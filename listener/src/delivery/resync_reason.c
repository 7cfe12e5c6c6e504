/*-------------------------------------------------------------------------
 *
 * resync_reason.c
 *	  The kinds of reasons for a resync.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/resync_reason.h"

#include <stddef.h>
#include <string.h>

const char *const resync_reason_names[RESYNC_REASON_COUNT] = {
	[RESYNC_REASON_REGISTRATION] = "registration",
	[RESYNC_REASON_LAG] = "lag",
	[RESYNC_REASON_POSTGRES] = "postgres",
	[RESYNC_REASON_REDIS] = "redis",
	[RESYNC_REASON_PLACE] = "place",
	[RESYNC_REASON_JOURNAL] = "journal",
	[RESYNC_REASON_OTHER] = "other",
};

/* As the extension's texts begin. */
static const struct
{
	const char *prefix;
	ResyncReason reason;
}			texts[] = {
	{"first registration", RESYNC_REASON_REGISTRATION},
	{"declared lost", RESYNC_REASON_LAG},
	{"another history", RESYNC_REASON_POSTGRES},
	{"PostgreSQL has crashed", RESYNC_REASON_POSTGRES},
	{"Redis ", RESYNC_REASON_REDIS},
	{"it is not known which Redis process", RESYNC_REASON_REDIS},
	{"it is not known which primaries", RESYNC_REASON_REDIS},
	{"a primary ", RESYNC_REASON_REDIS},
	{"two primaries ", RESYNC_REASON_REDIS},
	{"primaries ", RESYNC_REASON_REDIS},
	{"it is not known where the last deletes went", RESYNC_REASON_PLACE},
	{"the last deletes went to", RESYNC_REASON_PLACE},
};

ResyncReason
resync_reason_of(const char *text)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strncmp(text, texts[i].prefix, strlen(texts[i].prefix)) == 0)
			return texts[i].reason;
	return RESYNC_REASON_OTHER;
}
