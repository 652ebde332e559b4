"""Why a Word layout is not translated: what it holds that only an office program can set."""


class Reasons:
    """What was met that can't be translated, each named once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._met: dict[str, None] = {}

    def add(self, what: str) -> None:
        """Note one more."""
        self._met.setdefault(what)

    def all(self) -> tuple[str, ...]:
        """Return them in the order in which they were met."""
        return tuple(self._met)


class Declined(Exception):
    """A Word layout can't be translated; `reasons` name what stands in the way."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        """Remember why."""
        super().__init__("; ".join(reasons))
        self.reasons = reasons
