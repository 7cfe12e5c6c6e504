/*-------------------------------------------------------------------------
 *
 * cacheops_text.c
 *	  The texts that Python makes of a value.
 *
 *-------------------------------------------------------------------------
 */
#include "rule/cacheops_text.h"

#include <stdio.h>
#include <string.h>

/* Digits behind the column's scale that sums and products may have. */
#define MORE_DIGITS 4

/* Forms with an exponent above 0 that a round number may have. */
#define MAX_EXPONENTS 16

#define US_PER_DAY INT64_C(86400000000)
#define TIMEDELTA_MAX_DAYS INT64_C(999999999)

/* A finite number: coefficient * 10 ^ exponent. */
typedef struct Decimal
{
	bool		is_negative;
	char		digits[CACHEOPS_TEXT_MAX_DIGITS];	/* neither first nor last
													 * is 0, but of zero
													 * itself */
	int			digit_count;
	int			exponent;
} Decimal;

static bool
is_zero(const Decimal *decimal)
{
	return decimal->digit_count == 1 && decimal->digits[0] == '0';
}

/* Reads "-12.50"; false for what is no such number, or too long. */
static bool
parse(const char *text, Decimal *decimal)
{
	bool		in_fraction = false;

	decimal->is_negative = *text == '-';
	text += decimal->is_negative;
	decimal->digit_count = 0;
	decimal->exponent = 0;
	for (; *text != '\0'; text++)
	{
		if (*text == '.')
		{
			in_fraction = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			return false;
		decimal->exponent -= in_fraction;
		if (decimal->digit_count == 0 && *text == '0')
			continue;
		if (decimal->digit_count == CACHEOPS_TEXT_MAX_DIGITS)
			return false;
		decimal->digits[decimal->digit_count++] = *text;
	}
	while (decimal->digit_count > 0 && decimal->digits[decimal->digit_count - 1] == '0')
	{
		decimal->digit_count--;
		decimal->exponent++;
	}
	if (decimal->digit_count == 0)
	{
		decimal->digits[decimal->digit_count++] = '0';
		decimal->exponent = 0;
	}
	return true;
}

static size_t
put_zeros(char *out, int count)
{
	if (count <= 0)
		return 0;
	memset(out, '0', (size_t) count);
	return (size_t) count;
}

/* The coefficient's digits from first to last - 1, of those that were added zeros. */
static size_t
put_digits(const Decimal *decimal, int first, int last, char *out)
{
	int			i;

	for (i = first; i < last; i++)
		out[i - first] = i < decimal->digit_count ? decimal->digits[i] : '0';
	return (size_t) (last - first);
}

/*
 * As Python's Decimal.__str__: the exponent is at most the decimal's own, so that
 * the coefficient gets zeros at its end, unless it is zero.
 */
static void
give_form(const Decimal *decimal, int exponent, CacheopsTextSink sink, void *argument)
{
	char		text[4 * CACHEOPS_TEXT_MAX_DIGITS + CACHEOPS_TEXT_BYTES];
	int			digit_count = is_zero(decimal) ? 1 :
	decimal->digit_count + decimal->exponent - exponent;
	int			left_count = digit_count + exponent;
	int			point = exponent <= 0 && left_count > -6 ? left_count : 1;
	size_t		length = 0;

	if (digit_count > 2 * CACHEOPS_TEXT_MAX_DIGITS)
		return;
	if (decimal->is_negative)
		text[length++] = '-';
	if (point <= 0)
		text[length++] = '0';
	else
		length += put_digits(decimal, 0, point < digit_count ? point : digit_count, text + length);
	if (point < digit_count)
	{
		text[length++] = '.';
		length += put_zeros(text + length, -point);
		length += put_digits(decimal, point > 0 ? point : 0, digit_count, text + length);
	}
	if (left_count != point)
		length += (size_t) snprintf(text + length, CACHEOPS_TEXT_BYTES, "E%+d", left_count - point);
	sink(text, length, argument);
}

static void
give_forms(const Decimal *decimal, int digits, int scale, CacheopsTextSink sink, void *argument)
{
	int			least = decimal->exponent < 0 ? -decimal->exponent : 0;
	int			most = scale + MORE_DIGITS;
	int			exponent = is_zero(decimal) ? MORE_DIGITS : decimal->exponent;
	int			least_exponent = exponent > MAX_EXPONENTS ? exponent - MAX_EXPONENTS : 0;
	int			float_scale = digits - (decimal->digit_count + decimal->exponent);
	int			i;

	if (most < least)
		most = least;
	for (i = least; i <= most; i++)
		give_form(decimal, -i, sink, argument);
	for (; exponent > least_exponent; exponent--)
		give_form(decimal, exponent, sink, argument);
	if (digits > 0 && decimal->exponent < 0 && float_scale > most)
		give_form(decimal, -float_scale, sink, argument);
}

bool
cacheops_text_decimal(const char *number, int digits, int scale, CacheopsTextSink sink, void *argument)
{
	Decimal		decimal;

	if (!parse(number, &decimal) || scale > CACHEOPS_TEXT_MAX_DIGITS)
		return false;
	if (is_zero(&decimal))
	{
		decimal.is_negative = true;
		give_forms(&decimal, digits, scale, sink, argument);
		decimal.is_negative = false;
	}
	give_forms(&decimal, digits, scale, sink, argument);
	return true;
}

static char *
put_number(char *out, int number, int width)
{
	int			i;

	for (i = width - 1; i >= 0; i--)
	{
		out[i] = (char) ('0' + number % 10);
		number /= 10;
	}
	return out + width;
}

/* None, or six digits. */
static char *
put_fraction(char *out, int microsecond)
{
	if (microsecond == 0)
		return out;
	*out++ = '.';
	return put_number(out, microsecond, 6);
}

size_t
cacheops_text_date(int year, int month, int day, char *out)
{
	char	   *p = put_number(out, year, 4);

	*p++ = '-';
	p = put_number(p, month, 2);
	*p++ = '-';
	p = put_number(p, day, 2);
	return (size_t) (p - out);
}

size_t
cacheops_text_time(int hour, int minute, int second, int microsecond, char *out)
{
	char	   *p = put_number(out, hour, 2);

	*p++ = ':';
	p = put_number(p, minute, 2);
	*p++ = ':';
	p = put_number(p, second, 2);
	return (size_t) (put_fraction(p, microsecond) - out);
}

size_t
cacheops_text_offset(int seconds_west, char *out)
{
	int			seconds = seconds_west < 0 ? -seconds_west : seconds_west;
	char	   *p = out;

	*p++ = seconds_west > 0 ? '-' : '+';
	p = put_number(p, seconds / 3600, 2);
	*p++ = ':';
	p = put_number(p, seconds / 60 % 60, 2);
	if (seconds % 60 != 0)
	{
		*p++ = ':';
		p = put_number(p, seconds % 60, 2);
	}
	return (size_t) (p - out);
}

/* A timedelta's seconds are never negative; its days are. */
size_t
cacheops_text_duration(int64_t days, int64_t microseconds, char *out)
{
	int64_t		rest = microseconds % US_PER_DAY;
	char	   *p = out;
	int			seconds;

	days += microseconds / US_PER_DAY;
	if (rest < 0)
	{
		days--;
		rest += US_PER_DAY;
	}
	if (days < -TIMEDELTA_MAX_DAYS || days > TIMEDELTA_MAX_DAYS)
		return 0;
	if (days != 0)
		p += snprintf(p, CACHEOPS_TEXT_BYTES, "%lld day%s, ", (long long) days,
					  days == 1 || days == -1 ? "" : "s");
	seconds = (int) (rest / 1000000);
	p = put_number(p, seconds / 3600, seconds < 36000 ? 1 : 2);
	*p++ = ':';
	p = put_number(p, seconds / 60 % 60, 2);
	*p++ = ':';
	p = put_number(p, seconds % 60, 2);
	return (size_t) (put_fraction(p, (int) (rest % 1000000)) - out);
}
