"""How long to rest between batches: not at all when idle, and longer with each that would follow at once."""

import time
from dataclasses import dataclass

_STEPS = 8  # the first rest is so many times shorter than the longest, and each one twice as long


@dataclass
class Pace:
    """The pace of one loop; `longest` is in seconds. Fuller batches cost less, and a lone one waits for nothing."""

    longest: float
    _rest: float = 0.0
    _last: float = float("-inf")

    def rest(self) -> float:
        """Return for how many seconds to wait before the next batch."""
        since = time.monotonic() - self._last
        follows = since < self.longest
        self._rest = min(max(2 * self._rest, self.longest / _STEPS), self.longest) if follows else 0.0
        return max(0.0, self._rest - since)

    def went(self) -> None:
        """Note that a batch is on its way."""
        self._last = time.monotonic()
