"""The steps of a draft: which fields are there, which are mandatory or locked, and why (FR-81, FR-91, §1.3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from services.dossier.domain.choice import SetUp, server_of
from services.dossier.domain.draft import Draft
from services.dossier.domain.draft_rules import Rules
from services.dossier.domain.field_setting import SENDER_FIELDS, Applied
from services.dossier.domain.layout_choice import Use, is_offered, makes_no_pdf
from services.dossier.domain.operator import ME
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.sender import doubts
from services.dossier.domain.sender_fields import SenderField, differ

State = Literal["open", "locked", "hidden", "absent"]
Facts = Mapping[str, Any]
ENVIRONMENT = "default"  # the sender of the environment, which is offered first
LAST = "finish"
_EDITABLE = "word"  # the one kind of layout whose document need not be a PDF (A6)


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a field may get, and why not now."""

    value: str
    reason: Wrong | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a step; a hidden one counts though nobody sees it, an absent one does not count, whatever it holds."""

    name: str
    value: Any = None
    state: State = "open"
    mandatory: bool = False
    reason: Wrong | None = None
    origin: str | None = None
    options: tuple[Option, ...] = ()

    @property
    def lacks(self) -> bool:
        """Whether it still has to be filled in."""
        return self.mandatory and self.state != "absent" and self.value in (None, "", [])

    def takes(self, value: Any) -> bool:
        """Whether an operator may give it this value: emptying is always possible, and saying what stands there."""
        if self.state == "open":
            return not any(option.reason and option.value == value for option in self.options)
        if self.state == "absent" and self.name in SENDER_FIELDS:
            return False  # even an empty name would be an edit
        return value in (None, "", []) or value == (False if self.state == "absent" else self.value)

    def refusal(self, value: Any) -> Wrong:
        """Return why it may not have this value."""
        unavailable = [option.reason for option in self.options if option.value == value and option.reason]
        return unavailable[0] if unavailable else self.reason or Wrong(self.name, "not_in_this_draft")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with its fields in order; it is there as soon as one of them is, and the last one always (A5)."""

    name: str
    fields: tuple[Shown, ...]

    @property
    def is_there(self) -> bool:
        """Whether the operator comes to it."""
        return self.name == LAST or any(shown.state != "absent" for shown in self.fields)


@dataclass(frozen=True, slots=True)
class Around:
    """All that a draft is looked at with: the rules of its type, and what is set up for this operator."""

    rules: Rules
    set_up: SetUp


def steps(draft: Draft, around: Around) -> list[Step]:
    """Return the steps in order: the general ones stand before that of several destinations (FR-81)."""
    made = (
        Step("general", tuple(_general(draft, around.rules))),
        Step("destinations", tuple(_destinations(draft, around.rules))),
        Step("issue", tuple(_issue(draft, around))),
        Step("attachments", tuple(_attachments(draft, around.rules))),
        Step("layouts", tuple(_layouts(draft, around))),
        Step("addresses", tuple(_addresses(draft))),
        Step(LAST, tuple(_finish(draft, around.rules))),
    )
    return [replace(step, fields=tuple(_as_set(draft, shown) for shown in step.fields)) for step in made]


def fields_of(made: Sequence[Step]) -> dict[str, Shown]:
    """Return the fields of all steps, by name."""
    return {shown.name: shown for step in made for shown in step.fields}


def warnings(draft: Draft, around: Around) -> Iterator[Wrong]:
    """Yield what the check step warns of; nothing of it prevents a finish."""
    if draft.issue_method != "email":
        return
    if differ(draft.sender_name, draft.sender_address):
        yield Wrong("sender_name", "sender_fields_differ")
    if address := draft.sender_address.value:
        servers = around.set_up.mail_servers
        yield from doubts(address, servers.get(server_of(servers) or "", {}).get("dkim_domain"))
    if not draft.values.get("body_layout_id") and not draft.values.get("body_text"):
        yield Wrong("body_text", "body_is_empty")  # A20


def _general(draft: Draft, rules: Rules) -> Iterator[Shown]:
    values = draft.values
    if draft.count == 1:
        yield Shown("contact_id", values.get("contact_id"))
    yield Shown("subject", values.get("subject", ""), mandatory=True)
    for name, mandatory in rules.own_fields.items():
        yield Shown(name, values.get(name, "" if name == "comment" else None), mandatory=mandatory)


def _destinations(draft: Draft, rules: Rules) -> Iterator[Shown]:
    """Yield the box "record separately", which a single destination does not show (table in §1.6)."""
    box = Shown("record_separately", draft.values.get("record_separately", False))
    if rules.box.state == "not_shown":
        yield replace(box, value=False, state="absent", reason=Wrong(box.name, "one_destination"))
        return
    reason = Wrong(box.name, rules.box.reason) if rules.box.reason else None
    if rules.box.state in ("locked_off", "impossible"):
        yield replace(box, value=False, state="locked", reason=reason)
    else:
        yield replace(box, mandatory=rules.box.state == "must_be_on", reason=reason)


def _issue(draft: Draft, around: Around) -> Iterator[Shown]:
    """Yield the choice of issue method (FR-31…34): e-mail needs a mail server (R-4)."""
    methods = around.rules.issue_methods
    missing = None if around.set_up.mail_servers else Wrong("issue_method", "mail_server_not_configured")
    options = tuple(Option(method, missing if method == "email" else None) for method in methods)
    state: State = "absent" if list(methods) == ["none"] else "open"
    reason = Wrong("issue_method", "issue_method_not_of_type", {"type": draft.type, "allowed": ", ".join(methods)})
    yield Shown(
        "issue_method", draft.issue_method, state, reason=reason if state == "absent" else None, options=options
    )


def _attachments(draft: Draft, rules: Rules) -> Iterator[Shown]:
    """Yield the files that are the same for all recipients (FR-35)."""
    state: State = "open" if rules.files else "absent"
    yield Shown("attachments", draft.values.get("attachments", []), state, reason=_reason("attachments", rules.files))


def _reason(name: str, there: bool) -> Wrong | None:
    return None if there else Wrong(name, "link_file_off")


def _layouts(draft: Draft, around: Around) -> Iterator[Shown]:
    issue, values = draft.issue_method, draft.values
    body: State = "open" if issue == "email" else "absent"
    attachment: State = "absent" if issue == "none" else "open"
    yield Shown(
        "body_layout_id",
        values.get("body_layout_id"),
        body,
        reason=_not_issued(draft, "body_layout_id"),
        options=_offered_layouts(draft, around, "body"),
    )
    yield Shown(
        "attachment_layout_id",
        values.get("attachment_layout_id"),
        attachment,
        mandatory=issue == "document",
        reason=_not_issued(draft, "attachment_layout_id"),
        options=_offered_layouts(draft, around, "attachment"),
    )
    yield _read_only(draft, around.set_up.layouts)
    options = tuple(Option(sender_id) for sender_id in offered(around.set_up.senders))
    reason = _not_issued(draft, "sender_id")
    yield Shown("sender_id", draft.sender_id, attachment, issue == "email", reason, options=options)
    yield _sender_field(draft, draft.sender_name, attachment)
    yield _sender_field(draft, draft.sender_address, attachment, mandatory=issue == "email")


def _offered_layouts(draft: Draft, around: Around, use: Use) -> tuple[Option, ...]:
    """Return the layouts that are not blocked and take the data of all destinations (R-11, R-12)."""
    layouts = around.set_up.layouts.items()
    return tuple(Option(layout_id) for layout_id, facts in layouts if is_offered(facts, use, draft.kinds))


def offered(senders: Mapping[str, Facts]) -> list[str]:
    """Return the senders in the order they are offered: the environment's, the others, oneself last (R-6)."""
    return sorted(senders, key=lambda sender_id: (sender_id == ME, sender_id != ENVIRONMENT, sender_id))


def _read_only(draft: Draft, layouts: Mapping[str, Facts]) -> Shown:
    """Return the box "read-only": only a document made by a layout can be (FR-39, A6)."""
    name, layout_id = "attachment_read_only", draft.values.get("attachment_layout_id")
    if draft.issue_method == "none":
        return Shown(name, False, "absent", reason=_not_issued(draft, name))
    if not layout_id:
        return Shown(name, False, "locked", reason=Wrong(name, "read_only_needs_attachment_layout"))
    layout = layouts.get(layout_id, {})
    if layout.get("kind") != _EDITABLE:
        return Shown(name, True, "locked", reason=Wrong(name, "layout_is_pdf_only", {"layout": layout_id}))
    if layout["pdf_missing"]:
        return Shown(name, False, "locked", reason=makes_no_pdf(name, layout_id, layout))
    return Shown(name, draft.values.get(name, False))


def _sender_field(draft: Draft, of: SenderField, state: State, *, mandatory: bool = False) -> Shown:
    shown = Shown(of.name, of.value, state, mandatory, _not_issued(draft, of.name), of.origin)
    return shown if state == "absent" else _by_setting(shown, of.setting)


def _addresses(draft: Draft) -> Iterator[Shown]:
    """Yield what is to be said of the addressees; of letters and notes there is nothing (FR-93, A19)."""
    state: State = "open" if draft.issue_method == "email" else "absent"
    reason = _not_issued(draft, "missing_addresses")
    yield Shown("missing_addresses", draft.values.get("missing_addresses", "continue"), state, reason=reason)
    if draft.count > 1:
        reason = _not_issued(draft, "consent_attested")
        yield Shown("consent_attested", draft.values.get("consent_attested", False), state, reason=reason)


def _finish(draft: Draft, rules: Rules) -> Iterator[Shown]:
    """Yield what the last step takes: a body and a file, each where no layout gives one (FR-46, FR-47)."""
    slots = (
        ("body_text", "body_layout_id", "body_from_layout", draft.values.get("body_text", "")),
        ("file", "attachment_layout_id", "attachment_from_layout", draft.values.get("file")),
    )
    for name, layout, code, value in slots:
        if draft.issue_method != "email":
            yield Shown(name, value, "absent", reason=_not_issued(draft, name))
        elif draft.values.get(layout):
            yield Shown(name, value, "absent", reason=Wrong(name, code, {"layout": draft.values[layout]}))
        elif name == "file" and not rules.files:
            yield Shown(name, value, "absent", reason=_reason(name, rules.files))
        else:
            yield Shown(name, value)


def _not_issued(draft: Draft, name: str) -> Wrong | None:
    if draft.issue_method == "email":
        return None
    return Wrong(name, "nothing_is_issued" if draft.issue_method == "none" else "nothing_is_mailed")


def _as_set(draft: Draft, shown: Shown) -> Shown:
    """Return the field as its field setting has it."""
    setting = draft.settings.get(shown.name)
    return shown if setting is None or shown.state == "absent" else _by_setting(shown, setting)


def _by_setting(shown: Shown, setting: Applied) -> Shown:
    mandatory = shown.mandatory or setting.mandatory
    if setting.is_open:
        return replace(shown, mandatory=mandatory)
    state: State = "locked" if setting.visible else "hidden"
    return replace(shown, state=state, mandatory=mandatory, reason=setting.fixed(shown.name))
