"""Models in the corners of the ORM: what a rule cannot tell from a column's type alone."""

import uuid

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact


class TextUUIDField(models.UUIDField):
    """A UUID that the database holds as 32 characters."""

    def db_type(self, connection):
        return "varchar(32)"

    def get_db_prep_value(self, value, connection, prepared=False):
        value = self.to_python(value)
        return None if value is None else value.hex

    def from_db_value(self, value, expression, connection):
        return None if value is None else uuid.UUID(value)


class ReversedField(models.CharField):
    """Stored backwards: the text in conditions is not the text in the row."""

    def get_db_prep_value(self, value, connection, prepared=False):
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else value[::-1]

    def from_db_value(self, value, expression, connection):
        return None if value is None else value[::-1]


class LowerCol(Col):

    def as_sql(self, compiler, connection):
        sql, params = super().as_sql(compiler, connection)
        return f"lower({sql})", params


class LowerField(models.CharField):
    """Read, and compared, by an expression of SQL."""

    def get_col(self, alias, output_field=None):
        return LowerCol(alias, self, output_field or self)


class LooseField(models.CharField):
    """What equals its value has other texts."""


@LooseField.register_lookup
class LooseExact(Exact):

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"trim({left}) = trim({right})", [*left_params, *right_params]


class CodeField(models.CharField):
    """Its own preparation for conditions and rows alike."""

    def get_prep_value(self, value):
        return None if value is None else f"code:{value}"

    def from_db_value(self, value, expression, connection):
        return None if value is None else value[5:]


class Customer(models.Model):
    name = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True)
    credit = models.DecimalField(max_digits=12, decimal_places=2, default=0)


class Profile(models.Model):
    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, db_column="cust")
    phone = models.CharField(max_length=20)


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, db_column="cust", related_name="orders")
    state = models.CharField(max_length=10)


class Coded(models.Model):
    uid = TextUUIDField()
    word = ReversedField(max_length=20)
    shout = LowerField(max_length=20)
    loose = LooseField(max_length=20)
    code = CodeField(max_length=20)
    tag = models.CharField(max_length=20, db_column="Tag", db_collation="corners_any_case")
    plain = models.CharField(max_length=20)


class CodedKey(models.Model):
    id = TextUUIDField(primary_key=True)
    note = models.CharField(max_length=20)


class CodedPart(models.Model):
    """A foreign key is stored as what it points to is."""
    word = models.CharField(max_length=20)
    coded = models.ForeignKey(CodedKey, models.CASCADE)


class Mismatched(models.Model):
    """The tables of others: their columns are not of the types that the models say."""
    name = models.CharField(max_length=20)
    number = models.CharField(max_length=20)
    level = models.IntegerField()
    due = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "mismatched"


class Labelled(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.IntegerField()


class ActiveCustomer(models.Model):
    """On a view."""
    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "active_customer"


class Missing(models.Model):
    """Its table is not there."""
    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "missing; DROP TABLE corners_order;\n-- x"


class Rate(models.Model):
    """No relation leads here."""
    state = models.CharField(max_length=10)
    percent = models.IntegerField()


class Animal(models.Model):
    name = models.CharField(max_length=40)
    legs = models.IntegerField(default=4)


class Cat(Animal):
    colour = models.CharField(max_length=20)


class Lion(Cat):
    pride = models.CharField(max_length=20)


class Machine(models.Model):
    serial = models.CharField(max_length=20)


class Robot(Machine, Animal):
    """Two parents, and the second one's key is not its own."""
    animal_ptr = models.OneToOneField(Animal, models.CASCADE, parent_link=True, db_column="beast")
    machine_ptr = models.OneToOneField(Machine, models.CASCADE, parent_link=True, primary_key=True)


class CodedChild(CodedKey):
    """Its key is stored in another text than conditions have."""
    colour = models.CharField(max_length=20)


class Archived(models.Model):
    """In the other database."""
    text = models.CharField(max_length=20)


class Elsewhere(models.Model):
    """There, too, but no migration is told so."""
    text = models.CharField(max_length=20)


class Purchase(models.Model):
    """Another model of a table."""
    buyer = models.ForeignKey(Customer, models.CASCADE, db_column="cust", related_name="+")
    state = models.TextField()

    class Meta:
        managed = False
        db_table = "corners_order"


class Pet(ActiveCustomer):
    """A child of what is on a view."""
    active = models.OneToOneField(ActiveCustomer, models.CASCADE, parent_link=True, primary_key=True, db_constraint=False)
    chip = models.CharField(max_length=20)
