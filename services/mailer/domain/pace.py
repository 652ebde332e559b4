"""How long to wait: before the next attempt at a mail, and before the next knock at a server that is away."""

import random
from datetime import datetime, timedelta

MAIL_WAITS = (10, 60, 300, 900, 3600, 7200, 14400)  # seconds before the second attempt, the third, and so on
SERVER_WAITS = (1, 2, 5, 10, 30, 60)
LIFETIME = timedelta(hours=24)  # a relay nearby takes a mail within a day or never


def next_attempt(now: datetime, tried_since: datetime, deferrals: int, held_for: float = 0) -> datetime | None:
    """Return when to try again, None when the mail's lifetime ends before; `held_for` is its server's own pause."""
    wait = held_for or MAIL_WAITS[min(deferrals, len(MAIL_WAITS) - 1)]
    at = now + timedelta(seconds=_jittered(wait))
    return at if at < tried_since + LIFETIME else None


def server_pause(failures: int) -> float:
    """Return for how many seconds to leave a server alone after so many failures in a row."""
    return _jittered(SERVER_WAITS[min(failures, len(SERVER_WAITS)) - 1])


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.9, 1.3)  # noqa: S311 -- so that what failed together does not return together
