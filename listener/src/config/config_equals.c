/*-------------------------------------------------------------------------
 *
 * config_equals.c
 *	  Are two targets' settings the same?
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "config/config_target.h"

/*
 * What is forgotten here would not be noticed by a reload.  Where a field is
 * added, this stops the build until it is compared, too.  Machines with other
 * pointers may have other gaps between the fields.  A password file is its
 * path: it is read at each connect, and who may read it is no setting.
 */
#define FIELD_BYTES(field) sizeof(((const TargetConfig *) 0)->field)
#define COMPARED_BYTES \
	(FIELD_BYTES(alias) + FIELD_BYTES(url) + FIELD_BYTES(prefix) + FIELD_BYTES(prefix_bytes) + \
	 FIELD_BYTES(scan_rate) + FIELD_BYTES(stagger_ms) + FIELD_BYTES(sweep_ms) + \
	 FIELD_BYTES(stagger_from) + FIELD_BYTES(standbys) + FIELD_BYTES(standby_timeout_ms))
#define FLAG_BYTES sizeof(void *)	/* of password_file_is_public, with the
									 * gap behind it */

_Static_assert(sizeof(void *) != 8 || sizeof(TargetConfig) == COMPARED_BYTES + FLAG_BYTES,
			   "config_target_equals() compares every field of a TargetConfig");

/* Each may be NULL, which is equal to itself only. */
static bool
is_same_text(const char *text, const char *other)
{
	return text == NULL || other == NULL ? text == other : strcmp(text, other) == 0;
}

bool
config_target_equals(const TargetConfig *target, const TargetConfig *other)
{
	return is_same_text(target->alias, other->alias) &&
		url_equals(&target->url, &other->url) &&
		target->prefix_bytes == other->prefix_bytes &&
		memcmp(target->prefix, other->prefix, target->prefix_bytes) == 0 &&
		target->scan_rate == other->scan_rate &&
		target->stagger_ms == other->stagger_ms &&
		target->sweep_ms == other->sweep_ms &&
		target->stagger_from == other->stagger_from &&
		is_same_text(target->standbys, other->standbys) &&
		target->standby_timeout_ms == other->standby_timeout_ms;
}
