"""What the connectors say of themselves: their fields and objects, for clients that ask before they write."""

from typing import Any

from services.dossier.domain.afas.fields import REACTION, SUBJECT, WORKFLOW, FieldSpec, Shape

CONNECTORS: dict[str, tuple[Shape, str, str]] = {
    "KnSubject": (SUBJECT, "Dossieritem", "Dossier item"),
    "KnSubjectReaction": (REACTION, "Reactie op dossieritem", "Response to a dossier item"),
    "KnSubjectWorkflowReaction": (WORKFLOW, "Actie in de workflow van een dossieritem", "Action in a workflow"),
}
_TYPES = {"day": "date"}
_JSON: dict[str, dict[str, Any]] = {
    "int": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    "boolean": {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false", "1", "0", 1, 0]}]},
    "string": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "date": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date-time"},
    "blob": {"type": "string", "format": "byte"},
}


def connectors(language: str) -> list[dict[str, str]]:
    """Return the connectors that items are written by."""
    return [{"id": name, "description": nl if language == "nl" else en} for name, (_, nl, en) in CONNECTORS.items()]


def metainfo(connector: str, language: str) -> dict[str, Any] | None:
    """Return the fields and objects of a connector, None for one that there is not."""
    for name, (shape, nl, en) in CONNECTORS.items():
        if name.lower() == connector.lower():
            return {"id": name, "name": name, "description": nl if language == "nl" else en} | _parts(shape, language)
    return None


def schema_of(shape: Shape) -> dict[str, Any]:
    """Return the JSON schema of a body in its plainest shape; the tolerated ones (§5.4) are read as well."""
    return {"type": "object", "required": [shape.name], "properties": {shape.name: _object(shape)}}


def _object(shape: Shape) -> dict[str, Any]:
    fields = {spec.id: _JSON[spec.type] | {"description": spec.en} for spec in shape.fields.values()}
    element: dict[str, Any] = {
        "@SbId": _JSON["int"],
        "Fields": {"type": "object", "properties": fields, "additionalProperties": shape.open},
    }
    if shape.objects:
        parts = [
            {"type": "object", "required": [one.name], "properties": {one.name: _object(one)}} for one in shape.objects
        ]
        element["Objects"] = {"type": "array", "items": {"anyOf": parts}}
    return {"type": "object", "properties": {"Element": {"type": "object", "properties": element}}}


def _parts(shape: Shape, language: str) -> dict[str, Any]:
    return {
        "fields": [_field(spec, language) for spec in shape.fields.values()],
        "objects": [{"name": one.name} | _parts(one, language) for one in shape.objects],
    }


def _field(spec: FieldSpec, language: str) -> dict[str, Any]:
    return {
        "fieldId": spec.id,
        "primaryKey": spec.key,
        "dataType": _TYPES.get(spec.type, spec.type),
        "label": spec.label(language),
        "mandatory": spec.mandatory,
        "length": spec.length,
        "decimals": 0,
    }
