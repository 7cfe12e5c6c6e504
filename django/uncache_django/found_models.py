"""The models that matter to a database, and what they are to each other."""

from cacheops.conf import model_profile
from django.apps import apps
from django.db import router


def concrete_models():
    """All models with a table of their own, of many-to-many relations too."""
    return [model for model in apps.get_models(include_auto_created=True)
            if not model._meta.proxy and not model._meta.swapped]


def belongs_to(model, database):
    """Whether a router says that a table of the model may be in this database."""
    return is_written_to(model, database) or router.allow_migrate_model(database, model)


def is_written_to(model, database):
    return router.db_for_write(model) == database


def related_models(model):
    """What a query of a model may join to it."""
    fields = model._meta.get_fields(include_hidden=True)
    related = {field.related_model for field in fields if field.is_relation}
    related |= {field.remote_field.through for field in fields
                if field.many_to_many and hasattr(field.remote_field, "through")}
    related |= set(model._meta.get_parent_list())
    return {other._meta.concrete_model for other in related if isinstance(other, type)}


def by_table(models):
    """Lists of the models that share a table."""
    tables = {}
    for model in models:
        tables.setdefault(model._meta.db_table, []).append(model)
    return tables.values()


def joined_models():
    """The models that cacheops caches, and all that their queries can join."""
    found = {model._meta.concrete_model for model in apps.get_models(include_auto_created=True) if model_profile(model)}
    queue = list(found)
    while queue:
        for other in related_models(queue.pop()) - found:
            found.add(other)
            queue.append(other)
    return found


def parent_links(model):
    """
    Of multi-table inheritance: each parent, however far up → the model's field that has the key of
    its row, and that key's column there; or None where only the rows between tell which it is.
    """
    links = {}
    for parent, field in model._meta.parents.items():
        if field is None or field.model is not model:
            continue
        links[parent] = (field, field.target_field.column)
        for ancestor, link in parent_links(parent).items():
            is_same_key = link is not None and field.target_field == link[0]
            links.setdefault(ancestor, (field, link[1]) if is_same_key else None)
    return links
