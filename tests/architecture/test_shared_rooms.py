"""`shared` stays a hall: what has one tenant moves in with it."""

import grimp
import pytest

HOUSE = grimp.build_graph("deploy", "services", "shared", cache_dir=None)


def tenants(room: str) -> set[str]:
    """Return the services that reach a shared room, straight or through another room."""
    above = HOUSE.find_downstream_modules(room, as_package=True)
    return {module.split(".")[1] for module in above if module.startswith("services.")}


@pytest.mark.parametrize("room", sorted(HOUSE.find_children("shared")))
def test_a_shared_room_has_two_tenants(room: str) -> None:
    found = tenants(room)

    assert len(found) >= 2, f"move {room} to {found or 'the bin'}"
