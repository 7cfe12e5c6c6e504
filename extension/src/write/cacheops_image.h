/*-------------------------------------------------------------------------
 *
 * cacheops_image.h
 *	  Rule + row → the JSON text by which a target finds cacheops' sets.
 *
 *	["<table>",{"<field>":value,"<field>":[value,value],…}]
 *
 * Values are what cacheops would send for an object that was read from the row,
 * as they look after its JSON encoding and Lua.  A list has all values that a condition
 * which the row meets may be written with; it is empty if Python knows none.  Of a
 * key it has null as well, for what outer joins register.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CACHEOPS_IMAGE_H
#define UNCACHE_CACHEOPS_IMAGE_H

#include "compile/rule.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"

/*
 * Writes the image of a row into *out, which is the rule's memory until the next
 * call.  False if there is none: it would be longer than uncache.max_key_bytes, or
 * an output function failed, of which a warning tells.
 */
extern bool cacheops_image_render(Rule *rule, TupleTableSlot *slot, StringInfo out);

#endif
