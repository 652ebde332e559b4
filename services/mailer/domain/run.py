"""What operators said of a run: in whatever order it is heard, the same holds in the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One word of an operator on a run, the `version`-th fact of it."""

    version: int
    what: Literal["paused", "resumed", "cancelled"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands by what was said of it, in the order in which it was said."""

    said: tuple[Said, ...] = ()

    @property
    def is_paused(self) -> bool:
        """Whether none of its mails may leave for now."""
        return bool(self.said) and self.said[-1].what == "paused"

    def cancels(self, asked_at: datetime) -> bool:
        """Return whether a mail that was asked for then is not wanted any more; one asked for later is (A11)."""
        return any(one.what == "cancelled" and asked_at <= one.at for one in self.said)

    def paused_for(self, since: datetime, now: datetime) -> timedelta:
        """Return how much of the time since then it was paused, which is not to count against its mails."""
        ends = [*(one.at for one in self.said[1:]), now]
        pauses = [(one.at, end) for one, end in zip(self.said, ends, strict=False) if one.what == "paused"]
        return sum((max(end - max(begin, since), timedelta()) for begin, end in pauses), timedelta())

    def after(self, said: Said) -> "Standing":
        """Return how it stands once this was heard too, perhaps again."""
        return Standing(tuple(sorted({*self.said, said})))
