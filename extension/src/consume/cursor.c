/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  What a consumer has consumed.
 *
 *-------------------------------------------------------------------------
 */
#include "consume/cursor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t
cursor_xip_bound(const char *text)
{
	size_t		bound = 1;

	for (; *text != '\0'; text++)
		bound += (*text == ',');
	return bound;
}

/* A decimal number without sign or leading zero; moves *text behind it. */
static bool
parse_number(const char **text, uint64_t max, uint64_t *number)
{
	const char *p = *text;
	uint64_t	n = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
	{
		uint64_t	digit = (uint64_t) (*p - '0');

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*text = p;
	*number = n;
	return true;
}

static bool
parse_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool
parse_xip(const char **text, uint64_t xmin, Cursor *cursor)
{
	uint64_t	previous = 0;

	cursor->xip_count = 0;
	if (**text == '\0' || **text == '/')
		return true;
	do
	{
		uint64_t	xid;

		if (!parse_number(text, UINT64_MAX, &xid) || xid <= previous ||
			xid < xmin || xid >= cursor->xmax)
			return false;
		cursor->xip[cursor->xip_count++] = previous = xid;
	} while (parse_char(text, ','));
	return true;
}

static bool
parse_place(const char **text, Cursor *cursor)
{
	uint64_t	part;

	cursor->place_xid = 0;
	cursor->place_part = 0;
	if (**text == '\0')
		return true;
	if (!parse_char(text, '/') ||
		!parse_number(text, UINT64_MAX, &cursor->place_xid) ||
		!parse_char(text, '.') || !parse_number(text, INT32_MAX, &part))
		return false;
	cursor->place_part = (int32_t) part;
	return cursor_has_open(cursor, cursor->place_xid);
}

bool
cursor_parse(const char *text, Cursor *cursor)
{
	uint64_t	xmin;

	return parse_number(&text, UINT64_MAX, &xmin) && xmin > 0 &&
		parse_char(&text, ':') &&
		parse_number(&text, UINT64_MAX, &cursor->xmax) && cursor->xmax >= xmin &&
		parse_char(&text, ':') &&
		parse_xip(&text, xmin, cursor) &&
		parse_place(&text, cursor) && *text == '\0';
}

/* Appends like snprintf at *length, counting also what does not fit. */
static void append(char *text, size_t text_bytes, size_t *length, const char *format,...)
			__attribute__((format(printf, 4, 5)));

static void
append(char *text, size_t text_bytes, size_t *length, const char *format,...)
{
	size_t		used = *length < text_bytes ? *length : text_bytes;
	va_list		arguments;
	int			n;

	va_start(arguments, format);
	n = vsnprintf(used < text_bytes ? text + used : NULL, text_bytes - used, format, arguments);
	va_end(arguments);
	if (n > 0)
		*length += (size_t) n;
}

size_t
cursor_format(const Cursor *cursor, char *text, size_t text_bytes)
{
	size_t		length = 0;
	size_t		i;

	append(text, text_bytes, &length, "%" PRIu64 ":%" PRIu64 ":", cursor_begin(cursor), cursor->xmax);
	for (i = 0; i < cursor->xip_count; i++)
		append(text, text_bytes, &length, "%s%" PRIu64, i > 0 ? "," : "", cursor->xip[i]);
	if (cursor->place_xid != 0)
		append(text, text_bytes, &length, "/%" PRIu64 ".%" PRId32,
			   cursor->place_xid, cursor->place_part);
	return length;
}

static bool
xip_contains(const Cursor *cursor, uint64_t xid)
{
	size_t		low = 0;
	size_t		high = cursor->xip_count;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (cursor->xip[middle] < xid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < cursor->xip_count && cursor->xip[low] == xid;
}

bool
cursor_has_open(const Cursor *cursor, uint64_t xid)
{
	return xid >= cursor->xmax || xip_contains(cursor, xid);
}

uint64_t
cursor_begin(const Cursor *cursor)
{
	return cursor->xip_count > 0 ? cursor->xip[0] : cursor->xmax;
}

uint64_t
cursor_end(const Cursor *cursor)
{
	return cursor->place_xid >= cursor->xmax ? cursor->place_xid + 1 : cursor->xmax;
}

/* Nothing but rows of the transaction that "from" had consumed in part. */
static void
advance_inside_place(const Cursor *from, int32_t stop_part, Cursor *next)
{
	next->xmax = from->xmax;
	next->xip_count = from->xip_count;
	memcpy(next->xip, from->xip, from->xip_count * sizeof(uint64_t));
	next->place_xid = from->place_xid;
	next->place_part = stop_part;
}

/*
 * Not consumed after the batch is what was not consumed before and was either
 * still running or comes behind the place where the batch stopped.  Old open
 * transactions come before xmax(from) and so are read first: a batch that
 * stopped among them has read nothing from xmax(from) on.
 */
void
cursor_advance(const Cursor *from, const Cursor *now, uint64_t stop_xid,
			   int32_t stop_part, Cursor *next)
{
	uint64_t	done_xid = from->place_xid;
	uint64_t	xmax = from->xmax + (done_xid == from->xmax ? 1 : 0);
	uint64_t	end = stop_xid != 0 ? stop_xid : now->xmax;
	size_t		i;

	if (stop_xid != 0 && stop_xid == from->place_xid)
	{
		advance_inside_place(from, stop_part, next);
		return;
	}
	next->place_xid = stop_xid;
	next->place_part = stop_xid != 0 ? stop_part : 0;
	next->xmax = end > xmax ? end : xmax;
	next->xip_count = 0;
	for (i = 0; i < from->xip_count; i++)
	{
		uint64_t	xid = from->xip[i];

		if (xid != done_xid && (xid >= end || cursor_has_open(now, xid)))
			next->xip[next->xip_count++] = xid;
	}
	for (i = 0; i < now->xip_count; i++)
	{
		uint64_t	xid = now->xip[i];

		if (xid >= xmax && xid < next->xmax)
			next->xip[next->xip_count++] = xid;
	}
}

bool
cursor_bound(const Cursor *from, Cursor *until)
{
	until->place_xid = 0;
	until->place_part = 0;
	return from->place_xid == 0 || !cursor_has_open(until, from->place_xid);
}
