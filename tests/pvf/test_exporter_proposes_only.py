"""The database itself keeps an exporter from putting a PVF in force, whatever the application does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import Error, transaction

from core.identity import act_as
from pvf.models import PVF, PVFLineTerms, PVFVersion
from tests.support.world import World

pytestmark = pytest.mark.django_db


def refused(change: Any) -> bool:
    """Whether the database refuses the change."""
    try:
        with transaction.atomic():
            change()
    except Error as error:
        return "puts none in force" in str(error)
    return False


def test_an_exporter_cannot_approve_behind_the_application_s_back(world: World):
    signatory = world.who("signatory")
    with act_as(signatory):
        assert refused(lambda: PVF.objects.update(state="closed"))
        assert refused(lambda: PVF.objects.update(number="other"))
        assert refused(lambda: PVFVersion.objects.update(note="mine"))
        assert refused(lambda: PVFLineTerms.objects.update(authorised_kg=10**9))
        proposed = PVFVersion(certifier_id=world.certifier.pk, client=world.client, pvf=world.pvf, number=2)
        proposed.save(force_insert=True)
        assert refused(lambda: PVFVersion.objects.filter(pk=proposed.pk).update(state="approved"))
        assert not refused(lambda: PVFVersion.objects.filter(pk=proposed.pk).update(state="superseded"))


def test_the_certifier_s_people_are_not_bound_by_it(world: World):
    with act_as(world.who("manager")):
        assert not refused(lambda: PVFVersion.objects.update(note="seen"))
