"""Views: the columns, the order and the filter in which somebody regularly looks at contacts (FR-19, A25)."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.dossier.domain.contact_facts import ContactFacts
from services.dossier.domain.looking import SORTS, ContactFilter
from services.dossier.domain.refusal import Wrong
from services.dossier.domain.text import has_control

IDENTITY = ("kind", "number", "contact_id")
COLUMNS = (*IDENTITY, "email_valid", *(name for name in ContactFacts.model_fields if name != "fields"), "as_of")
_OWN = re.compile(r"fields\..{1,100}", re.DOTALL)
_ORDER = f"-?({'|'.join(SORTS)})"


class ViewFacts(BaseModel):
    """What a view holds; a column `fields.<name>` is a field of the contact's own."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(min_length=1, max_length=200)
    columns: list[str] = Field(min_length=1, max_length=50)
    sort: str = Field("number", pattern=f"^{_ORDER}$")
    filter: ContactFilter = ContactFilter()
    shared: bool = False

    def wrongs(self) -> list[Wrong]:
        """Return what no model can say of it."""
        wrongs = [Wrong("name", "control_character")] if has_control(self.name) else []
        for number, column in enumerate(self.columns):
            if column not in COLUMNS and not _OWN.fullmatch(column):
                wrongs.append(Wrong(f"columns[{number}]", "unknown_column", {"column": column[:40]}))
            if column in self.columns[:number]:
                wrongs.append(Wrong(f"columns[{number}]", "column_twice", {"column": column[:40]}))
        return wrongs + [Wrong(f"filter.{wrong.field}", wrong.code, wrong.values) for wrong in self.filter.wrongs()]


@dataclass(frozen=True)
class View:
    """A saved view; nobody's own is one that is supplied."""

    view_id: str
    owner: str | None
    facts: ViewFacts

    @property
    def is_supplied(self) -> bool:
        """Whether it comes with the product."""
        return self.owner is None

    def shown(self, contact: dict[str, Any]) -> dict[str, Any]:
        """Return of a contact who it is, and the columns of the view."""
        shown = {name: contact[name] for name in IDENTITY}
        for column in self.facts.columns:
            own = column.removeprefix("fields.")
            shown[column] = contact["fields"].get(own) if own != column else contact[column]
        return shown


EMAIL_CHECK = "contacts-email-check"
_NAMES = {"nl": "Contacten: e-mailcontrole", "en": "Contacts: e-mail check"}


def supplied(language: str) -> dict[str, View]:
    """Return the views that come with the product, by id."""
    columns = ["name", "function", "email", "blocked", "consent"]
    facts = ViewFacts(name=_NAMES.get(language, _NAMES["nl"]), columns=columns, sort="name", shared=True)
    return {EMAIL_CHECK: View(EMAIL_CHECK, None, facts)}
