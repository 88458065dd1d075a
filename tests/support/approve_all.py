"""``python -m tests.support.approve_all MEMBERSHIP``: the approver with this membership approves all that is recommended.

A process of its own, so that its wake-ups go to the servers in its environment, as those of the web server do.
"""

from __future__ import annotations

import sys

import django

django.setup()

from core.identity import Identity, act_as  # noqa: E402 - models can be imported now
from organizations.identity import identity_of  # noqa: E402
from organizations.models import Certifier, Membership  # noqa: E402
from requests_app.models import Request, RequestState  # noqa: E402
from review.domain import decisions  # noqa: E402


def main(membership_id: str) -> None:
    """Approve, the oldest first; each in a transaction of its own."""
    members = []
    for certifier_id in Certifier.objects.values_list("pk", flat=True):
        with act_as(Identity.loop(certifier_id)):
            members += Membership.objects.filter(pk=membership_id)
    (approver,) = map(identity_of, members)
    with act_as(approver):
        waiting = list(Request.objects.filter(state=RequestState.IN_REVIEW).order_by("pk").values_list("pk", "version"))
    for pk, version in waiting:
        with act_as(approver):
            decisions.approve(approver, pk, expected_version=version)


if __name__ == "__main__":
    main(sys.argv[1])
