"""Random models: their fields, names of columns and of tables come from SEED."""

import os
import random

from django.db import models
from kinds import KINDS

MODEL_COUNT = 5
FIELD_COUNT = 8

rng = random.Random("models " + os.environ["SEED"])


def make_fields():
    """Name of field → kind.  Each kind comes about as often as any other."""
    kinds = rng.sample(sorted(KINDS), FIELD_COUNT)
    return {f"{kind}_{n}": kind for n, kind in enumerate(kinds)}


def make_model(name, others):
    attributes = {"__module__": __name__, "kinds": make_fields(), "relations": []}
    for field, kind in attributes["kinds"].items():
        column = f"Odd {field}" if rng.random() < 0.3 else None
        attributes[field] = KINDS[kind].make(null=rng.random() < 0.6, db_column=column)
    attributes["note"] = models.TextField(default="")
    if others:
        attributes["other"] = models.ForeignKey(rng.choice(others), models.CASCADE, null=True,
                                                related_name=f"{name.lower()}_set",
                                                db_column=rng.choice([None, "otherwise"]))
        attributes["many"] = models.ManyToManyField(rng.choice(others), related_name=f"{name.lower()}_many")
        attributes["relations"] = ["other", "many"]
    table = rng.choice([None, f"zoo*[{name}]", f"Zoo {name} & co:=\\"])
    options = {"app_label": "zoo"}
    if table:
        options["db_table"] = table
    attributes["Meta"] = type("Meta", (), options)
    return type(name, (models.Model,), attributes)


MODELS = []
for number in range(MODEL_COUNT):
    model = make_model(f"Animal{number}", list(MODELS))
    globals()[model.__name__] = model
    MODELS.append(model)
