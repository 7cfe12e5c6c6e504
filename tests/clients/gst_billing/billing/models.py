"""Businesses, their customers and products, invoices with their lines."""

import uuid

from django.db import models


class Business(models.Model):
    name = models.CharField(max_length=120)
    gstin = models.CharField(max_length=15, unique=True)
    state_code = models.CharField(max_length=2)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()


class Customer(models.Model):
    business = models.ForeignKey(Business, models.CASCADE, related_name="customers")
    name = models.CharField(max_length=120)
    gstin = models.CharField(max_length=15, null=True)
    email = models.EmailField()
    credit_limit = models.DecimalField(max_digits=12, decimal_places=2)


class Category(models.Model):
    name = models.CharField(max_length=60)


class Product(models.Model):
    business = models.ForeignKey(Business, models.CASCADE, related_name="products")
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    description = models.TextField()
    hsn_code = models.CharField(max_length=8)
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    categories = models.ManyToManyField(Category, related_name="products")


class Invoice(models.Model):

    class Status(models.TextChoices):
        DRAFT = "draft"
        SENT = "sent"
        PAID = "paid"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    business = models.ForeignKey(Business, models.CASCADE, related_name="invoices")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices", db_column="cust")
    number = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    sent_at = models.DateTimeField(null=True)
    is_interstate = models.BooleanField(default=False)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    notes = models.TextField(blank=True)


class LineItem(models.Model):
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="lines")
    position = models.SmallIntegerField()
    quantity = models.DecimalField(max_digits=10, decimal_places=3)
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=12, decimal_places=2)
