"""The values that a layout uses, by path: `merge.rows[].amount`, and where each of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.layouts import Placeholder

GROUPS: Mapping[str, tuple[str, ...]] = {
    "recipient": ("name", "email", "language"),
    "sender": ("name", "address"),
    "destination": ("kind", "number", "contact_id"),
}
SINGLE = ("subject", "date")


@dataclass
class Use:
    """One placeholder: its places, the filters it goes through, and whether its absence is thought of anywhere."""

    places: dict[str, None] = field(default_factory=dict)
    filters: set[str] = field(default_factory=set)
    guarded: bool = False
    line: int | None = None


class Used:
    """All placeholders of a layout, in the order in which they were met."""

    def __init__(self) -> None:
        self.uses: dict[str, Use] = {}

    def add(self, path: str, place: str, *, guarded: bool = False, line: int | None = None) -> Use:
        """Note that a path is used in a place (`nl.html`)."""
        use = self.uses.setdefault(path, Use(line=line))
        use.places[place] = None
        use.guarded |= guarded
        return use

    def placeholders(self) -> tuple[Placeholder, ...]:
        """Return them as they are told: without the steps on the way to others."""
        return tuple(
            Placeholder(path=path, places=tuple(use.places), required=not self._is_guarded(path))
            for path, use in self.uses.items()
            if not any(other.startswith((f"{path}.", f"{path}[")) for other in self.uses)
        )

    def _is_guarded(self, path: str) -> bool:
        """Return whether the absence of a value, or of the list or group that it stands in, is thought of."""
        return any(
            use.guarded and (path == other or path.startswith((f"{other}.", f"{other}[")))
            for other, use in self.uses.items()
        )


def is_known(path: str, singles: tuple[str, ...] = SINGLE) -> bool:
    """Return whether a layout can know what is at a path: any merge field, and what every message has."""
    group, _, rest = path.partition(".")
    if group == "merge" or path in GROUPS or path in singles:
        return True
    return rest.split(".")[0].split("[")[0] in GROUPS.get(group, ())
