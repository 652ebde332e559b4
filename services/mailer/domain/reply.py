"""What a mail server's answer means for the mail: verdict = phase × class of the code × scope (RFC 5321, RFC 3463)."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.contracts.mailer import Phase

Step = Literal["RSET", "MAIL", "RCPT", "DATA", "dot"]
Verdict = Literal["accepted", "transient", "permanent", "in_doubt"]
Scope = Literal["mail", "recipient_domain", "server"]
Reason = Literal["permanent", "too_large", "address", "reply_lost"]

LONGEST_TEXT = 1000  # characters kept of an answer

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_QUEUE_IDS = (
    re.compile(r"queued as ['\"<(]?([^\s'\"<>()]+)", re.IGNORECASE),  # Postfix and most others
    re.compile(r"queued \(([^\s()]+)\)", re.IGNORECASE),  # Haraka
    re.compile(r"\b(?:Internal)?id=([^\s,;\]]+)", re.IGNORECASE),  # Exim, Exchange
    re.compile(r"(\S*\d\S*) message accepted", re.IGNORECASE),  # Sendmail, OpenSMTPD
    re.compile(r"\bok:?\s+\d{10}\s+(\S+)", re.IGNORECASE),  # Gmail: a Unix time stands first
    re.compile(r"\bok:?\s+(\S*\d\S*)$", re.IGNORECASE),  # Amazon SES
)
_NOT_LET_IN = frozenset({503, 530, 534, 535, 538})


class Answer(NamedTuple):
    """One reply of a server as it came: `code` 0 stands for bytes that are no SMTP reply."""

    code: int
    text: str


@dataclass(frozen=True)
class Reply:
    """What became of one transaction.

    `phase` is how far it got; `connect` means that the line was gone before its first byte.
    `scope` is what has to wait before the next attempt: this mail, its recipient's domain, or the whole server.
    """

    verdict: Verdict
    phase: Phase
    code: int | None = None
    enhanced_code: str | None = None
    text: str = ""
    queue_id: str | None = None
    reason: Reason | None = None
    scope: Scope = "mail"


class _Meaning(NamedTuple):
    verdict: Verdict
    scope: Scope
    reason: Reason | None = None


_NOT_LET_IN_YET = _Meaning("transient", "server")


def judge(step: Step, answer: Answer, phase: Phase) -> Reply:
    """Return what this answer to this step means."""
    found = _ENHANCED.match(answer.text)
    enhanced = found[0] if found else None
    meaning = _weigh(step, answer, enhanced[2:] if enhanced else "")
    return Reply(
        verdict=meaning.verdict,
        phase=phase,
        code=answer.code or None,
        enhanced_code=enhanced,
        text=_without(enhanced, answer.text),
        queue_id=queue_id_in(answer.text) if meaning.verdict == "accepted" else None,
        reason=meaning.reason,
        scope=meaning.scope,
    )


def lost(phase: Phase, why: str) -> Reply:
    """Return what it means that no answer came: certain before the dot, in doubt after it.

    The scope is the mail: if it is the server that is gone, the next connection will say so.
    """
    if phase == "dot":
        return Reply("in_doubt", phase, text=why, reason="reply_lost")
    return Reply("transient", phase, text=why)


def readable(said: bytes) -> str:
    """Return a server's words fit to be kept and shown: of bounded length and without control characters."""
    text = said.decode("utf-8", "replace")[:LONGEST_TEXT]
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def queue_id_in(text: str) -> str | None:
    """Return the name that the server gave to an accepted mail, if its text holds one we know how to read."""
    words = _ENHANCED.sub("", text, count=1)
    return next((found[1] for pattern in _QUEUE_IDS if (found := pattern.search(words))), None)


def _without(enhanced: str | None, text: str) -> str:
    """Return the words alone: the enhanced code stands before each line of them (RFC 2034 §4)."""
    if enhanced is None:
        return text
    return "\n".join(line.removeprefix(enhanced).lstrip(" ") for line in text.split("\n"))


def _weigh(step: Step, answer: Answer, detail: str) -> _Meaning:
    """Weigh an answer; `detail` is the enhanced code without its class, as in `7.1`."""
    match answer.code // 100:
        case 2 if step == "dot":
            return _Meaning("accepted", "mail")
        case 4:
            return _Meaning("transient", _who_waits(step, answer.code, detail))
        case 5 if step in ("DATA", "dot"):
            return _refused_mail(answer.code, detail)
        case 5 if step in ("MAIL", "RCPT"):
            return _refused_envelope(step, answer, detail)
        case _ if step == "dot":
            return _Meaning("in_doubt", "mail", "reply_lost")
        case _:  # nonsense before the body, such as 250 to DATA: the dialogue is out of step, not the mail wrong
            return _Meaning("transient", "server")


def _who_waits(step: Step, code: int, detail: str) -> Scope:
    """Return the scope of a 4yz: 421 and 4.3.z are about the server whichever step they answer."""
    if code == 421 or detail.startswith("3.") or (code == 452 and not detail and step != "RCPT"):  # noqa: PLR2004
        return "server"
    if step == "RCPT":
        return "recipient_domain"
    return "server" if step == "MAIL" and not detail.startswith("1.") else "mail"


def _refused_envelope(step: Step, answer: Answer, detail: str) -> _Meaning:
    """Weigh a 5yz to MAIL or RCPT.

    5.7.z says that *we* may not send (log in first, relaying denied, blocked, sender not ours). That is true of the
    next mail too, so it holds the server and calls a person, and fails no mail: a wrong password must not turn a run
    of ten thousand into ten thousand failures.
    """
    relaying = not detail and "relay" in answer.text.lower()
    sender_not_ours = step == "MAIL" and detail in ("1.7", "1.8")
    if answer.code in _NOT_LET_IN or detail.startswith("7.") or relaying or sender_not_ours:
        return _NOT_LET_IN_YET
    return _refused_mail(answer.code, detail)


def _refused_mail(code: int, detail: str) -> _Meaning:
    too_large = detail in ("2.3", "3.4") or (code == 552 and not detail)  # noqa: PLR2004 - 552 5.2.2 is a full mailbox
    return _Meaning("permanent", "mail", "too_large" if too_large else "permanent")
