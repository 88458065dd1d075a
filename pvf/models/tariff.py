"""The tariff schedule: editions and ten-digit codes."""

from __future__ import annotations

from django.db import models


class HtsEdition(models.Model):
    """An edition of the Harmonized Tariff Schedule and the first day it is in force (None where nobody has entered it)."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.PositiveIntegerField(unique=True)
    first_day = models.DateField(null=True, blank=True)


class HtsCode(models.Model):
    """A ten-digit HTS code. Validity follows from the first day of its first edition to the end of its last."""

    code = models.CharField(max_length=10, primary_key=True)
    description = models.TextField()
    certified_organic = models.BooleanField(default=False)
    unit = models.CharField(max_length=20, blank=True)
    must_file = models.BooleanField(default=False)
    first_edition = models.ForeignKey(HtsEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    last_edition = models.ForeignKey(HtsEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: Month and day of a yearly window ("0415" to "0731"), where the code is seasonal.
    season_start = models.CharField(max_length=4, blank=True)
    season_end = models.CharField(max_length=4, blank=True)

    def __str__(self) -> str:
        return self.code

    @property
    def dotted(self) -> str:
        """The code as people write it: 0901.11.0015."""
        return f"{self.code[:4]}.{self.code[4:6]}.{self.code[6:]}"
