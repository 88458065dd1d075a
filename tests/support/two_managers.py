"""A second manager for a world's certifier, who agrees to what the first one proposes."""

from __future__ import annotations

from core.identity import Identity, act_as
from organizations.domain import two_managers
from organizations.identity import identity_of
from organizations.models import Membership
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from tests.support.world import World, make_member


def second_manager(world: World) -> Identity:
    """Another manager of the certifier; the same one each time."""
    if "manager2" not in world.members:
        email = f"manager2-{world.certifier.code}@certifier.example"
        world.members["manager2"] = make_member(
            Membership.Side.CERTIFIER, Role.MANAGER, email, certifier=world.certifier
        )
    return identity_of(world.members["manager2"])


def agree(world: World) -> int:
    """The second manager confirms whatever waits. Returns how many changes that were."""
    other = second_manager(world)
    with act_as(other):
        waiting = list(GuardedChange.objects.filter(state=GuardedChange.State.WAITING).values_list("pk", flat=True))
        for change_id in waiting:
            two_managers.confirm(other, change_id)
    return len(waiting)
