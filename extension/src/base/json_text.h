/*-------------------------------------------------------------------------
 *
 * json_text.h
 *	  A text → a string of JSON.
 *
 * Only what JSON demands is escaped; other bytes are in the database's encoding
 * and are converted with the whole.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_JSON_TEXT_H
#define UNCACHE_JSON_TEXT_H

#include "lib/stringinfo.h"

extern void json_text_append(StringInfo out, const char *bytes, Size length);

#endif
