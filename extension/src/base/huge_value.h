/*-------------------------------------------------------------------------
 *
 * huge_value.h
 *	  Tells values that no key can hold, without reading them.
 *
 * A value of hundreds of megabytes is neither detoasted nor written as text: that
 * takes as much memory again, and fails where its text would be longer than 1 GB.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_HUGE_VALUE_H
#define UNCACHE_HUGE_VALUE_H

/* Of a text, whose bytes are the key's: longer than uncache.max_key_bytes? */
extern bool huge_value_is_text(Datum datum);

/*
 * Of whatever varlena type: so large that its text is longer than
 * uncache.max_key_bytes, since no type has so many bytes for one character?
 */
extern bool huge_value_is(Datum datum);

/*
 * Are two values of a varlena type of which one is huge the same, as far as that
 * can be told without reading them?
 */
extern bool huge_value_is_same(Datum datum, Datum other);

#endif
