"""What a request chooses from the set-up: layouts, sender and mail server, and which of it can't be chosen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.dossier.domain.field_setting import NONE, applied
from services.dossier.domain.intake import Intake
from services.dossier.domain.layout_choice import makes_no_pdf, unfit
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.sender import unknown_sender
from services.dossier.domain.sender_fields import Edited, Selected, SenderField, after
from services.dossier.domain.text import is_email

Facts = Mapping[str, Any]
_SENDERS_OWN = {"sender_name": "name", "sender_address": "address"}  # the two fields, and what a sender has for them
DEFAULT = "default"  # the mail server that is used where it is set up, else the first one


@dataclass(frozen=True)
class SetUp:
    """All that is set up, by id."""

    senders: Mapping[str, Facts]
    mail_servers: Mapping[str, Facts]
    layouts: Mapping[str, Facts]
    field_settings: Mapping[str, Facts] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What was chosen: what every row of the run shares."""

    body_layout: Facts | None
    attachment_layout: Facts | None
    auto_document_layout: Facts | None
    auto_document_is_personal: bool
    sender: dict[str, Any] | None
    mail_server_id: str | None
    wrongs: tuple[Wrong, ...]

    @property
    def layouts(self) -> list[dict[str, Any]]:
        """The pinned layout versions (A24)."""
        return [_version(layout) for layout in self._used]

    @property
    def fields(self) -> list[tuple[str, str, bool]]:
        """The merge fields declared: layout id, name, whether it is required."""
        return [
            (layout["layout_id"], field["name"], field["required"])
            for layout in self._used
            if layout is not self.auto_document_layout or self.auto_document_is_personal
            for field in layout["fields"]
        ]

    @property
    def collections(self) -> list[tuple[str, list[str]]]:
        """The layouts that do not take the data of every kind of destination: layout id, the kinds (R-11)."""
        return [
            (layout["layout_id"], layout["data_collection"])
            for layout in self._used
            if layout["data_collection"] and (layout is not self.auto_document_layout or self.auto_document_is_personal)
        ]

    @property
    def auto_document(self) -> dict[str, Any] | None:
        """The pinned layout of the document that is made of itself for each item, if any (FR-87)."""
        layout = self.auto_document_layout
        return {**_version(layout), "read_only": layout["kind"] != "word"} if layout else None

    @property
    def _used(self) -> list[Facts]:
        used = (self.body_layout, self.attachment_layout, self.auto_document_layout)
        return list({layout["layout_id"]: layout for layout in used if layout}.values())

    def content(self, intake: Intake, attachments: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what all rows of the run share, but for the body that was typed."""
        return {
            "type": intake.type,
            "subject": intake.subject,
            "issue_method": intake.issue_method,
            "sender": self.sender,
            "mail_server_id": self.mail_server_id or DEFAULT,
            "body_layout": _version(self.body_layout),
            "attachment_layout": _version(self.attachment_layout),
            "attachment_read_only": self._is_read_only(intake),
            "attachments": attachments,
            "record_separately": intake.separately,
        }

    def _is_read_only(self, intake: Intake) -> bool:
        """Return whether the attachment is a PDF: only a Word layout gives anything else (A6)."""
        layout = self.attachment_layout
        return layout is not None and (layout["kind"] != "word" or intake.attachment_read_only is True)

    def typed_body(self, intake: Intake) -> str | None:
        """Return the body that was typed, None where there is none."""
        if intake.issue_method != "email" or self.body_layout:
            return None
        return intake.body_text or ""


def choose(intake: Intake, set_up: SetUp, auto_document_layout_id: str | None = None) -> Choice:
    """Return what the request chooses, and its type for it; its `wrongs` say what can't be chosen."""
    body = _layout(set_up, intake.body_layout_id)
    attachment = _layout(set_up, intake.attachment_layout_id)
    auto = _layout(set_up, auto_document_layout_id)
    sender, kept = _sender(intake, set_up)
    server = server_of(set_up.mail_servers)
    wrongs = (
        *kept,
        *_layout_wrongs(intake, body, attachment),
        *_auto_document_wrongs(auto),
        *_sending_wrongs(intake, set_up, sender, server),
    )
    issues = intake.issue_method
    return Choice(
        body_layout=body if issues == "email" else None,
        attachment_layout=attachment if issues != "none" else None,
        auto_document_layout=auto,
        auto_document_is_personal=len(intake.destinations) == 1,
        sender=sender,
        mail_server_id=server if issues == "email" else None,
        wrongs=wrongs,
    )


def server_of(servers: Mapping[str, Facts]) -> str | None:
    """Return the mail server that is used, None where none is set up."""
    return DEFAULT if DEFAULT in servers else next(iter(servers), None)


def _layout(set_up: SetUp, layout_id: str | None) -> Facts | None:
    facts = set_up.layouts.get(layout_id) if layout_id else None
    return {"layout_id": layout_id, **facts} if facts else None


def _version(layout: Facts | None) -> Any:
    return {name: layout[name] for name in ("layout_id", "version", "sha256")} if layout else None


def _layout_wrongs(intake: Intake, body: Facts | None, attachment: Facts | None) -> Iterator[Wrong]:
    for name, layout_id, layout in (
        ("body_layout_id", intake.body_layout_id, body),
        ("attachment_layout_id", intake.attachment_layout_id, attachment),
    ):
        if layout_id and layout is None:
            yield Wrong(name, "unknown_layout", {"layout": layout_id[:80]})
    if body:
        yield from unfit("body_layout_id", body, "body")
    if attachment and (wrongs := list(unfit("attachment_layout_id", attachment, "attachment"))):
        yield from wrongs
    elif attachment and attachment["kind"] != "word" and intake.attachment_read_only is False:
        yield Wrong("attachment_read_only", "layout_is_pdf_only", {"layout": attachment["layout_id"]})
    elif attachment and attachment["pdf_missing"] and intake.attachment_read_only:
        yield makes_no_pdf("attachment_read_only", attachment["layout_id"], attachment)


def _auto_document_wrongs(auto: Facts | None) -> Iterator[Wrong]:
    if auto:  # since the type was set up, the layout may have become one of another kind
        yield from unfit("type", auto, "attachment")


def _sending_wrongs(intake: Intake, set_up: SetUp, sender: Facts | None, server: str | None) -> Iterator[Wrong]:
    if intake.sender_id and intake.sender_id not in set_up.senders:
        yield unknown_sender(intake.sender_id)
    elif intake.issue_method == "email" and intake.sender_id and sender is None:
        yield Wrong("sender_address", "sender_missing")
    elif intake.issue_method == "email" and sender and not is_email(sender["address"]):
        yield Wrong("sender_address", "invalid_sender_address")
    if intake.issue_method == "email" and server is None:
        yield Wrong("issue_method", "mail_server_not_configured")


def _sender(intake: Intake, set_up: SetUp) -> tuple[dict[str, Any] | None, list[Wrong]]:
    """Return the sender name and address, and why they can't be as given (FR-59…63, A8).

    What a request gives is an edit; what it does not give comes from an administrator's setting, else the sender.
    """
    if not intake.sender_id and not intake.sender_address:
        return None, []
    fields = [_settled(intake, set_up, name, own) for name, own in _SENDERS_OWN.items()]
    (name, address), wrongs = [one.value for one, _ in fields], [wrong for _, wrongs in fields for wrong in wrongs]
    return {"sender_id": intake.sender_id, "name": name, "address": address} if address else None, wrongs


def _settled(intake: Intake, set_up: SetUp, name: str, own: str) -> tuple[SenderField, list[Wrong]]:
    given: str | None = getattr(intake, name)
    setting = NONE if intake.is_shown else applied(set_up.field_settings.get(name), None)
    known = set_up.senders.get(intake.sender_id or "", {})
    shown = after(SenderField(name, setting), Selected(intake.sender_id, known.get(own)))
    if given is not None and given != shown.value:
        try:
            shown = after(shown, Edited(given))
        except Refused as refused:
            return shown, list(refused.wrongs)
    lacks = setting.mandatory and not shown.value and intake.issue_method == "email"
    return shown, [Wrong(name, "missing")] if lacks else []
