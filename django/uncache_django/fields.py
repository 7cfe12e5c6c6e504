"""A model's fields → what a rule has to be told of its columns."""

from cacheops.conf import settings as cacheops_settings
from django.conf import settings

# What PostgreSQL calls the types that Django writes otherwise.
TYPE_NAMES = {
    "boolean": "bool", "smallint": "int2", "integer": "int4", "bigint": "int8", "real": "float4",
    "double precision": "float8", "char": "bpchar", "timestamp with time zone": "timestamptz",
    "serial": "int4", "smallserial": "int2", "bigserial": "int8",
}

# Types whose values are written alike.
FAMILIES = {
    "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer", "float4": "float", "float8": "float",
    "varchar": "text", "text": "text", "bpchar": "text", "name": "text", "char": "text", "enum": "text",
}

# The types whose values uncache knows how Python writes.  Those of text it takes if it is told to.
KNOWN_TYPES = {
    "bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "varchar", "bpchar", "uuid", "date", "time",
    "timestamp", "timestamptz", "interval", "inet", "cidr", "name", "char", "enum",
}

# What makes a condition meet a row of another text than get_prep_value() gives it.
PREPARATIONS = ("get_db_prep_value", "get_col")

LOOKUPS = ("exact", "in")


def is_django_s(class_):
    return class_.__module__.partition(".")[0] == "django"


def targets(field):
    """A field, and what it refers to: values are stored as that stores them."""
    while field is not None:
        yield field
        field = field.target_field if field.is_relation else None


def has_own_preparation(field):
    definers = (next((class_ for class_ in type(field).__mro__ if name in vars(class_)), None) for name in PREPARATIONS)
    return not all(definer is None or is_django_s(definer) for definer in definers)


def has_own_equality(field):
    lookups = map(field.get_lookup, LOOKUPS)
    return not all(lookup is None or is_django_s(lookup) for lookup in lookups)


def family(type_):
    return FAMILIES.get(type_, type_)


def is_of_the_model_s_type(field, column, connection):
    """Whether the column is of a type that the model says, or the model says one that is not known here."""
    declared = (field.db_type(connection) or "").partition("(")[0].strip()
    declared = TYPE_NAMES.get(declared, declared)
    return declared not in KNOWN_TYPES | {"text"} or family(declared) == family(column.type)


def is_stored_as_written(field, column, connection):
    """Whether the text in the row is the one in conditions."""
    return column.is_exact and is_of_the_model_s_type(field, column, connection) \
        and not any(has_own_preparation(target) or has_own_equality(target) for target in targets(field))


def is_skipped(field):
    """Whether cacheops makes no condition of it."""
    return field.get_internal_type() in cacheops_settings.CACHEOPS_SKIP_FIELDS


def field_items(field, column, names, connection):
    """What has to be said of one field; names are those of all fields."""
    is_known = column.type in KNOWN_TYPES
    if is_skipped(field) or not is_stored_as_written(field, column, connection):
        return [f"-{field.column}"] if is_known else []
    if column.type == "text" or is_known and field.attname != field.column:
        # and as joins may call it
        own_names = [field.attname, *({field.column} - set(names))]
        return [f"{name}={field.column}" for name in own_names]
    return []


def items(models, relation, connection):
    """What the columns of a table do not say by themselves, as items of a rule's arguments."""
    fields = [field for model in models for field in model._meta.local_concrete_fields
              if field.column in relation.columns]
    used = {field.column for field in fields if not is_skipped(field)}
    fields = [field for field in fields if field.column not in used or not is_skipped(field)]
    names = [field.attname for field in fields]
    found = {}
    for field in fields:
        for item in field_items(field, relation.columns[field.column], names, connection):
            found[item] = field.column
    left_out = {column for item, column in found.items() if item == f"-{column}"}
    yield from (item for item, column in found.items() if item == f"-{column}" or column not in left_out)
    if any(relation.columns[field.column].type == "timestamptz" for field in fields) \
            and (settings.TIME_ZONE != "UTC" or not settings.USE_TZ):
        yield f"@{settings.TIME_ZONE}"


def key_items(link, relation, connection):
    """What of a parent's row the child's conditions have: its key, by the names that it has there."""
    field, column = link or (None, None)
    if column not in relation.columns or not is_stored_as_written(field, relation.columns[column], connection):
        return []
    return [f"{name}={column}" for name in dict.fromkeys([field.attname, field.column])]
