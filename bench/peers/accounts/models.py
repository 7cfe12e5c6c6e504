from django.db import models


class Account(models.Model):
    """Saving it makes cacheops invalidate, where that is installed."""

    id = models.IntegerField(primary_key=True)
    balance = models.IntegerField()
    note = models.TextField()

    class Meta:
        db_table = "account"
        managed = False
