/*-------------------------------------------------------------------------
 *
 * cacheops_value.c
 *	  A column's value → the JSON that it is in a row's image.
 *
 * No session's setting shows in what is written here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "access/tupdesc.h"
#include "base/guc.h"
#include "base/huge_value.h"
#include "base/json_text.h"
#include "common/shortest_dec.h"
#include "rule/cacheops_text.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/inet.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "write/cacheops_value.h"

#define MAX_YEAR 9999

/* Room for the digits of any integer, its sign and a zero byte. */
#define INTEGER_BYTES 24

/* A list of values that is being written. */
typedef struct ValueList
{
	StringInfo	out;
	int			count;
} ValueList;

static void
begin_list(ValueList *list, StringInfo out)
{
	list->out = out;
	list->count = 0;
	appendStringInfoCharMacro(out, '[');
}

static void
next_value(ValueList *list)
{
	if (list->count++ > 0)
		appendStringInfoCharMacro(list->out, ',');
}

static void
add_text(const char *text, size_t length, void *argument)
{
	next_value(argument);
	json_text_append(((ValueList *) argument)->out, text, length);
}

static void
append_none(StringInfo out)
{
	appendStringInfoString(out, "[]");
}

/* --- numbers --- */

static void
append_float8(StringInfo out, double value)
{
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];
	int			length;

	if (value == 0)
	{
		/* equal, but not of the same text */
		appendStringInfoString(out, "[0,-0.0]");
		return;
	}
	length = double_to_shortest_decimal_bufn(value, number);
	appendBinaryStringInfo(out, number, length);
}

/* A client may read it as a float of its own precision, or have it widened. */
static void
append_float4(StringInfo out, float value)
{
	char		narrow[FLOAT_SHORTEST_DECIMAL_LEN];
	int			length;

	if (value == 0)
	{
		append_float8(out, value);
		return;
	}
	length = float_to_shortest_decimal_bufn(value, narrow);
	appendStringInfoCharMacro(out, '[');
	appendBinaryStringInfo(out, narrow, length);
	appendStringInfoCharMacro(out, ',');
	append_float8(out, value);
	appendStringInfoCharMacro(out, ']');
}

static void
append_numeric(StringInfo out, const CacheopsField *field, Datum datum)
{
	const char *number = DatumGetCString(DirectFunctionCall1(numeric_out, datum));
	const char *point = strchr(number, '.');
	int			scale = field->scale;
	ValueList	list;

	if (field->zero != NULL && number[strspn(number, "0.")] == '\0')
	{
		appendBinaryStringInfo(out, field->zero, (int) field->zero_length);
		return;
	}
	if (field->digits == 0 && point != NULL)
		scale = (int) strlen(point + 1);
	begin_list(&list, out);
	if (!cacheops_text_decimal(number, field->digits, scale, add_text, &list))
		add_text(number, strlen(number), &list);
	appendStringInfoCharMacro(out, ']');
}

/* --- texts --- */

static void
append_padded_text(StringInfo out, const char *bytes, Size length)
{
	Size		trimmed = length;
	ValueList	list;

	while (trimmed > 0 && bytes[trimmed - 1] == ' ')
		trimmed--;
	begin_list(&list, out);
	add_text(bytes, length, &list);
	if (trimmed < length)
		add_text(bytes, trimmed, &list);
	appendStringInfoCharMacro(out, ']');
}

/* False if it is too long for any image: then it is not even detoasted. */
static bool
append_text(StringInfo out, const CacheopsField *field, Datum datum)
{
	text	   *value;

	if (huge_value_is_text(datum))
		return false;
	value = DatumGetTextPP(datum);
	if (field->kind == CACHEOPS_PADDED_TEXT)
		append_padded_text(out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	else
		json_text_append(out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	return true;
}

static void
append_uuid(StringInfo out, const pg_uuid_t * uuid)
{
	static const char hex[] = "0123456789abcdef";
	char		text[2 * UUID_LEN + 6];
	char	   *p = text;
	int			i;

	*p++ = '"';
	for (i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[uuid->data[i] >> 4];
		*p++ = hex[uuid->data[i] & 0x0f];
	}
	*p++ = '"';
	appendBinaryStringInfo(out, text, (int) (p - text));
}

/*
 * Of an IPv6 address that ends with an IPv4 one, but is not mapped to it, Python
 * writes the end in hexadecimal.
 */
static void
append_inet(StringInfo out, const CacheopsField *field, Datum datum)
{
	const		inet *address = DatumGetInetPP(datum);
	char	   *string = OutputFunctionCall(unconstify(FmgrInfo *, &field->output), datum);
	const unsigned char *bytes = ip_addr(address);
	ValueList	list;

	if (ip_family(address) == PGSQL_AF_INET || strchr(string, '.') == NULL ||
		strncmp(string, "::ffff:", 7) == 0)
	{
		json_text_append(out, string, strlen(string));
		return;
	}
	begin_list(&list, out);
	add_text(string, strlen(string), &list);
	string = psprintf("::%x:%x", bytes[12] << 8 | bytes[13], bytes[14] << 8 | bytes[15]);
	add_text(string, strlen(string), &list);
	appendStringInfoCharMacro(out, ']');
}

/* --- times --- */

static void
append_date(StringInfo out, DateADT date)
{
	char		text[CACHEOPS_TEXT_BYTES];
	int			year;
	int			month;
	int			day;

	if (DATE_NOT_FINITE(date))
	{
		append_none(out);
		return;
	}
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (year < 1 || year > MAX_YEAR)
		append_none(out);
	else
		json_text_append(out, text, cacheops_text_date(year, month, day, text));
}

static void
append_time(StringInfo out, TimeADT time)
{
	char		text[CACHEOPS_TEXT_BYTES];
	int			second = (int) (time / USECS_PER_SEC);

	if (time >= USECS_PER_DAY)
		append_none(out);
	else
		json_text_append(out, text,
						 cacheops_text_time(second / 3600, second / 60 % 60, second % 60,
											(int) (time % USECS_PER_SEC), text));
}

/* One datetime; with its offset in *zone_offset unless that is NULL. */
static void
add_datetime(ValueList *list, const struct pg_tm *tm, fsec_t fraction, const int *zone_offset)
{
	char		text[3 * CACHEOPS_TEXT_BYTES];
	size_t		length;

	if (tm->tm_year < 1 || tm->tm_year > MAX_YEAR)
		return;
	length = cacheops_text_date(tm->tm_year, tm->tm_mon, tm->tm_mday, text);
	text[length++] = ' ';
	length += cacheops_text_time(tm->tm_hour, tm->tm_min, tm->tm_sec, fraction, text + length);
	if (zone_offset != NULL)
		length += cacheops_text_offset(*zone_offset, text + length);
	add_text(text, length, list);
}

/*
 * Aware in UTC, which is what is read back; in other zones aware and, for an
 * application without USE_TZ, naive.
 */
static void
add_moment(ValueList *list, const CacheopsRule * cacheops, Timestamp moment)
{
	int			offset = 0;
	struct pg_tm tm;
	fsec_t		fraction;
	int			i;

	if (timestamp2tm(moment, NULL, &tm, &fraction, NULL, NULL) != 0)
		return;
	add_datetime(list, &tm, fraction, &offset);
	for (i = 0; i < cacheops->zone_count; i++)
	{
		if (timestamp2tm(moment, &offset, &tm, &fraction, NULL, cacheops->zones[i]) != 0)
			continue;
		add_datetime(list, &tm, fraction, &offset);
		add_datetime(list, &tm, fraction, NULL);
	}
}

static void
append_timestamp(StringInfo out, const CacheopsRule * cacheops, const CacheopsField *field, Timestamp moment)
{
	ValueList	list;
	struct pg_tm tm;
	fsec_t		fraction;

	begin_list(&list, out);
	if (TIMESTAMP_NOT_FINITE(moment))
		list.count = 0;
	else if (field->kind == CACHEOPS_TIMESTAMPTZ)
		add_moment(&list, cacheops, moment);
	else if (timestamp2tm(moment, NULL, &tm, &fraction, NULL, NULL) == 0)
		add_datetime(&list, &tm, fraction, NULL);
	appendStringInfoCharMacro(out, ']');
}

static void
add_duration(ValueList *list, int64 day_count, int64 microseconds)
{
	char		text[CACHEOPS_TEXT_BYTES];
	size_t		length = cacheops_text_duration(day_count, microseconds, text);

	if (length > 0)
		add_text(text, length, list);
}

/* To SQL a year is twelve months of 30 days; to the client's library 365 days. */
static void
append_interval(StringInfo out, const Interval *interval)
{
	int64		day_count = interval->day;
	ValueList	list;

	begin_list(&list, out);
	add_duration(&list, day_count + interval->month * INT64CONST(30), interval->time);
	if (interval->month / MONTHS_PER_YEAR != 0)
		add_duration(&list, day_count + interval->month / MONTHS_PER_YEAR * INT64CONST(365) +
					 interval->month % MONTHS_PER_YEAR * INT64CONST(30), interval->time);
	appendStringInfoCharMacro(out, ']');
}

/* --- whatever it is --- */

bool
cacheops_value_append(StringInfo out, const CacheopsRule * cacheops, const CacheopsField *field, Datum datum)
{
	char	   *string;

	switch (field->kind)
	{
		case CACHEOPS_BOOL:
			appendStringInfoString(out, DatumGetBool(datum) ? "true" : "false");
			break;
		case CACHEOPS_INT2:
		case CACHEOPS_INT4:
		case CACHEOPS_INT8:
		case CACHEOPS_OID:
			enlargeStringInfo(out, INTEGER_BYTES);
			pg_lltoa(field->kind == CACHEOPS_INT2 ? DatumGetInt16(datum) :
					 field->kind == CACHEOPS_INT4 ? DatumGetInt32(datum) :
					 field->kind == CACHEOPS_INT8 ? DatumGetInt64(datum) :
					 (int64) DatumGetObjectId(datum), out->data + out->len);
			out->len += (int) strlen(out->data + out->len);
			break;
		case CACHEOPS_FLOAT4:
			append_float4(out, DatumGetFloat4(datum));
			break;
		case CACHEOPS_FLOAT8:
			append_float8(out, DatumGetFloat8(datum));
			break;
		case CACHEOPS_NUMERIC:
			append_numeric(out, field, datum);
			break;
		case CACHEOPS_TEXT:
		case CACHEOPS_PADDED_TEXT:
			return append_text(out, field, datum);
		case CACHEOPS_UUID:
			append_uuid(out, DatumGetUUIDP(datum));
			break;
		case CACHEOPS_DATE:
			append_date(out, DatumGetDateADT(datum));
			break;
		case CACHEOPS_TIME:
			append_time(out, DatumGetTimeADT(datum));
			break;
		case CACHEOPS_TIMESTAMP:
		case CACHEOPS_TIMESTAMPTZ:
			append_timestamp(out, cacheops, field, DatumGetTimestamp(datum));
			break;
		case CACHEOPS_INTERVAL:
			append_interval(out, DatumGetIntervalP(datum));
			break;
		case CACHEOPS_INET:
			append_inet(out, field, datum);
			break;
		default:
			string = OutputFunctionCall(unconstify(FmgrInfo *, &field->output), datum);
			json_text_append(out, string, strlen(string));
			break;
	}
	return true;
}
