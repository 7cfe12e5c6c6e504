/*-------------------------------------------------------------------------
 *
 * cacheops_text.h
 *	  The texts that Python makes of a value.
 *
 * Pure C without PostgreSQL's headers, so that it can be tested by itself.
 * What is written is what str() writes in Python; none is zero-terminated unless
 * it says so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CACHEOPS_TEXT_H
#define UNCACHE_CACHEOPS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any text that a function of this header writes into "out". */
#define CACHEOPS_TEXT_BYTES 64

/* Digits of the longest number of which all forms are made. */
#define CACHEOPS_TEXT_MAX_DIGITS 100

/* Takes one form, which is valid during the call only. */
typedef void (*CacheopsTextSink) (const char *text, size_t length, void *argument);

/*
 * Gives the texts of the Decimals that equal a number, which is written as
 * numeric_out() does: of each scale from the least that the number needs up to
 * four digits more than the column has, as products with other numbers have it;
 * of a round number with each exponent up to the normalized one, 16 at most; and
 * with as many digits as the column has, as a float becomes.  A zero comes with
 * both signs, and with exponents up to four.  "digits" and "scale" are the column's; digits is 0
 * if it has no bounds.  False, and nothing given, if the number is none (NaN) or
 * longer than CACHEOPS_TEXT_MAX_DIGITS.
 */
extern bool cacheops_text_decimal(const char *number, int digits, int scale,
								  CacheopsTextSink sink, void *argument);

/*
 * The texts of a date, of a time of day and of a time zone's offset, in
 * PostgreSQL's sign: seconds west of Greenwich.  Years are 1 to 9999.
 */
extern size_t cacheops_text_date(int year, int month, int day, char *out);
extern size_t cacheops_text_time(int hour, int minute, int second, int microsecond, char *out);
extern size_t cacheops_text_offset(int seconds_west, char *out);

/*
 * The text of a timedelta of so many days and microseconds, of any sign each.
 * Returns 0 if a timedelta cannot be so long.
 */
extern size_t cacheops_text_duration(int64_t days, int64_t microseconds, char *out);

#endif
