"""The ERP system's models, over the tables of sql/examples/erp."""

from django.db import models


class Currency(models.Model):
    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=60)
    is_active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "core_currency"


class OrganizationType(models.Model):
    code = models.CharField(max_length=20)

    class Meta:
        managed = False
        db_table = "organizations_organizationtype"


class Organization(models.Model):
    type = models.ForeignKey(OrganizationType, models.PROTECT)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "organizations_organization"


class User(models.Model):
    organization = models.ForeignKey(Organization, models.PROTECT)
    full_name = models.CharField(max_length=100)

    class Meta:
        managed = False
        db_table = "core_user"


class Permission(models.Model):
    codename = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "rbac_permission"


class Role(models.Model):
    name = models.CharField(max_length=60)
    is_active = models.BooleanField()
    permissions = models.ManyToManyField(Permission, db_table="rbac_role_permissions")

    class Meta:
        managed = False
        db_table = "rbac_role"


class Assignment(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    role = models.ForeignKey(Role, models.CASCADE)
    organization = models.ForeignKey(Organization, models.PROTECT)

    class Meta:
        managed = False
        db_table = "rbac_assignment"


class Category(models.Model):
    name = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "products_category"


class Product(models.Model):
    category = models.ForeignKey(Category, models.PROTECT)
    sku = models.CharField(max_length=30)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    is_active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "products_product"


class TaxRate(models.Model):
    jurisdiction = models.CharField(max_length=10)
    category = models.CharField(max_length=20)
    valid_from = models.DateField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        managed = False
        db_table = "taxes_taxrate"
