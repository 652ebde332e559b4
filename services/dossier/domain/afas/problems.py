"""Refusals in AFAS's words: its field names, its known sentences, and the error numbers that go with them (§5.5)."""

from dataclasses import dataclass, replace

from services.dossier.domain.afas.fields import ATTACHMENT, LINK, SUBJECT
from services.dossier.domain.refusal import Wrong

RULE = -2147180996  # what the rules here forbid
UNKNOWN = -2147220469  # a value that there is not
UNEXPECTED = -2147180999
_FIELDS = {spec.name: spec.id for spec in (*ATTACHMENT.fields.values(), *SUBJECT.fields.values()) if spec.name}
_SPECS = {spec.id: spec for spec in (*LINK.fields.values(), *SUBJECT.fields.values())}
_OTHERS = {
    "destinations": "KnSubjectLink",
    "sub_destinations": "KnSubjectLink",
    "contact_id": "CdId",
    "record_separately": "KnSubjectLink",
    "attachments": "KnSubjectAttachment",
    "custom_fields": "KnS",
    "step": "TkNm",
    "action": "AcNm",
    "text": "SbTx",
    "issue_method": "StId",
    "sender_id": "StId",
    "body_layout_id": "StId",
    "attachment_layout_id": "StId",
}
_FILE = {"content": "FileStream", "filename": "FileName"}
_KNOWN = {
    "destination_not_allowed": "afas_destination_not_allowed",
    "destination_mandatory": "afas_destination_not_allowed",
    "destination_one_of_these": "afas_destination_not_allowed",
    "unknown_item": "afas_unknown_item",
    "field_off": "afas_field_off",
}
_NO_SUCH_VALUE = {
    "afas_does_not_exist",
    "afas_unknown_file",
    "afas_unknown_item",
    "no_such_combination",
    "no_such_feature",
    "unknown_cause",
    "unknown_combination",
    "unknown_contact",
    "unknown_feature_value",
}
_NAMING = {"afas_does_not_exist", "afas_destination_not_allowed", "afas_unknown_item"}  # sentences without a field


@dataclass(frozen=True, slots=True)
class Said:
    """One thing wrong as an AFAS client is told it; `named` says that its field goes before the words."""

    wrong: Wrong
    number: int

    @property
    def named(self) -> bool:
        """Whether the field must be named beside the words."""
        return bool(self.wrong.field) and self.wrong.code not in _NAMING


def in_afas_words(wrong: Wrong, language: str) -> Said:
    """Return something wrong with AFAS's name of the field, and its own sentence where it has one."""
    field = _field(wrong.field)
    code = _KNOWN.get(wrong.code, wrong.code)
    values = dict(wrong.values)
    if code == "afas_field_off":
        values["name"] = field
    elif code == "afas_does_not_exist":
        values["label"] = _SPECS[field].label(language)
    return Said(replace(wrong, field=field, code=code, values=values), UNKNOWN if code in _NO_SUCH_VALUE else RULE)


def _field(path: str) -> str:
    head, _, rest = path.partition(".")
    name = head.partition("[")[0]
    if name == "attachments" and rest in _FILE:
        return _FILE[rest]
    return _OTHERS.get(name) or _FIELDS.get(name) or path
