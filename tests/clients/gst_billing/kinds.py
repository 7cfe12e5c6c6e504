"""Fields of every type that cacheops can filter by, their values, and what equals them."""

import datetime as dt
import uuid
from decimal import Decimal

import pytz
from django.db import models

UTC = dt.timezone.utc
INDIA = pytz.timezone("Asia/Kolkata")


class Level(models.IntegerChoices):
    LOW = 1
    HIGH = 2


class Colour(models.TextChoices):
    RED = "red"
    SEA_GREEN = "sea & green"


def alike_decimals(value):
    """Decimals of other scales, products of such, normalized ones, floats and texts."""
    yield value
    yield value.normalize()
    yield value * Decimal("1.00")
    yield value + Decimal("0.0000")
    yield str(value)
    yield float(value)
    if value == 0:
        yield -value


def alike_moments(value):
    yield value.astimezone(UTC)
    yield value.astimezone(INDIA)
    yield value.astimezone(INDIA).replace(tzinfo=None)


def alike_numbers(value):
    yield value
    yield str(value)
    if value == 0:
        yield -value


def itself(value):
    yield value


class Kind:
    """make(**options) → field; values are what rows hold, alike(value) what equals one."""

    def __init__(self, make, values, alike=itself):
        self.make = make
        self.values = values
        self.alike = alike


def char(**options):
    return models.CharField(max_length=100, **options)


def moments():
    base = dt.datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)
    return [base, base.replace(microsecond=500000), base.replace(microsecond=1),
            dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2024, 1, 30, 20, 0, tzinfo=UTC)]


KINDS = {
    "flag": Kind(models.BooleanField, [True, False],
                 lambda value: iter([value, str(value), int(value)])),
    "small": Kind(models.SmallIntegerField, [-1, 0, 1, 32767], alike_numbers),
    "number": Kind(models.IntegerField, [0, 7, -7, 2147483647], alike_numbers),
    "big": Kind(models.BigIntegerField,
                [0, 2 ** 53, 2 ** 53 + 1, 123456789012345678, -2 ** 63, 10 ** 14 + 1], alike_numbers),
    "level": Kind(lambda **o: models.IntegerField(choices=Level.choices, **o), [1, 2],
                  lambda value: iter([value, Level(value)])),
    "text": Kind(char, ["", "a", "A", "a&b=c", "x:y,z", "a=1&b=2", "ünïcödé ✓ 🎈", 'q"uo\\te\'s',
                        "tab\tnew\nline", "*?[a]", " spaces ", "\x7f%s {0}", "None", "nil", "true"]),
    "colour": Kind(lambda **o: models.CharField(max_length=20, choices=Colour.choices, **o),
                   ["red", "sea & green"], lambda value: iter([value, Colour(value)])),
    "email": Kind(models.EmailField, ["a@example.net", "B@example.net"]),
    "slug": Kind(models.SlugField, ["a-b", "c_d"]),
    "day": Kind(models.DateField, [dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31)],
                lambda value: iter([value, value.isoformat()])),
    "moment": Kind(models.DateTimeField, moments(), alike_moments),
    "clock": Kind(models.TimeField, [dt.time(0), dt.time(10, 20, 30), dt.time(23, 59, 59, 999999)],
                  lambda value: iter([value, value.isoformat()])),
    "span": Kind(models.DurationField,
                 [dt.timedelta(0), dt.timedelta(days=1), dt.timedelta(days=-1, seconds=1),
                  dt.timedelta(days=400, hours=30, microseconds=1), dt.timedelta(seconds=-1)]),
    "price": Kind(lambda **o: models.DecimalField(max_digits=12, decimal_places=2, **o),
                  [Decimal(n) for n in ("0.00", "12.50", "12.05", "-1.00", "1000.00", "9999999999.99")],
                  alike_decimals),
    "rate": Kind(lambda **o: models.DecimalField(max_digits=12, decimal_places=8, **o),
                 [Decimal(n) for n in ("0.00000000", "0.00000010", "0.10000000", "-3.00000000", "20.00000000")],
                 alike_decimals),
    "count": Kind(lambda **o: models.DecimalField(max_digits=20, decimal_places=0, **o),
                  [Decimal(n) for n in ("0", "100", "12345678901234567890")],
                  lambda value: iter([value, int(value), str(value), value.normalize(), value * 1])),
    "ratio": Kind(models.FloatField, [0.0, 0.1, 1e300, -2.5e-10, 1 / 3, 3.0, float("inf")],
                  lambda value: iter([value, str(value), -value if value == 0 else value])),
    "key": Kind(models.UUIDField,
                [uuid.UUID(int=0), uuid.UUID("DEADBEEF-0000-4000-8000-00000000ABCD")],
                lambda value: iter([value, str(value).upper(), value.hex])),
    "address": Kind(models.GenericIPAddressField,
                    ["10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "::10.0.0.1", "::1", "fe80:0:0:1::"],
                    lambda value: iter([value, value.upper()])),
}
