"""Dossier item types, as data: what may be recorded, and how it may be issued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DossierItemType:
    """A type of dossier item; `issue_methods` are those it allows."""

    id: str
    name: dict[str, str]
    issue_methods: tuple[str, ...]


SUPPLIED = {
    kind.id: kind
    for kind in (
        DossierItemType(
            "outgoing_mail", {"nl": "Uitgaande post", "en": "Outgoing mail"}, ("none", "document", "email")
        ),
        DossierItemType("incoming_mail", {"nl": "Ingekomen post", "en": "Incoming mail"}, ("none",)),
        DossierItemType("note", {"nl": "Notitie", "en": "Note"}, ("none",)),
    )
}
