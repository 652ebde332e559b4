"""The status codes of a document × destination (requirements A14), in the order in which they are shown."""

from typing import Literal, get_args

Status = Literal[
    "queued",
    "rendering",
    "sending",
    "deferred",
    "sent",
    "generated",
    "failed",
    "render_failed",
    "bounced",
    "in_doubt",
    "no_address",
    "no_consent",
    "cancelled",
]
STATUSES: tuple[str, ...] = get_args(Status)
OPEN = frozenset({"queued", "rendering", "sending", "deferred"})  # all others are final (A14)
RESENDABLE = frozenset({"sent", "failed", "bounced", "render_failed", "no_address", "no_consent", "cancelled"})  # A11
