"""A body is taken apart in whatever of the tolerated shapes it comes (requirements §5.4): elements, fields, objects."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.dossier.domain.afas.fields import FieldSpec, Shape
from services.dossier.domain.afas.values import READERS, Unreadable, integer
from services.dossier.domain.refusal import TOLD, Refused, Wrong

Action = Literal["insert", "update", "delete"]
_CUSTOM_OBJECT = re.compile(r"KnS[0-9]{1,6}", re.IGNORECASE)
_CUSTOM_FIELD = re.compile(r"U[0-9A-F]{32}", re.IGNORECASE)
_ACTIONS: dict[str, Action] = {"insert": "insert", "update": "update", "delete": "delete"}
_ELEMENTS = 1000  # of one object
_SHOWN = 60  # characters of a name that nobody knows
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(slots=True)
class Node:
    """One element: its fields by id, None where cleared; custom fields as they came; the elements of its objects."""

    fields: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, list["Node"]] = field(default_factory=dict)
    key: int | None = None
    action: Action | None = None

    def number(self) -> int | None:
        """Return the item it names: in its fields, else as its key."""
        given: int | None = self.fields.get("SbId")
        return self.key if given is None else given


def read_body(said: Any, shape: Shape, *aliases: str) -> Node:
    """Return the one element of a body; raise `Refused` with everything that is wrong in its shape and types."""
    return _Reading().body(said, shape, aliases)


def name_of(given: str) -> str:
    """Return a name that nobody knows as it can be told."""
    return "".join(sign if sign.isprintable() else "?" for sign in given[:_SHOWN])


class _Reading:
    """One body being read, and what is wrong with it so far."""

    def __init__(self) -> None:
        self._wrongs: list[Wrong] = []

    def body(self, said: Any, shape: Shape, aliases: tuple[str, ...]) -> Node:
        """Return the one element of a body."""
        nodes: list[Node] = []
        for name, value in self._named(said, "").items():
            if name.lower() in {shape.name.lower(), *(alias.lower() for alias in aliases)}:
                nodes += self._elements(value, shape)
            else:
                self._wrong(name, "afas_unknown_object")
        if not self._wrongs and len(nodes) != 1:
            self._wrong("Element", "afas_one_element", object=shape.name)
        if self._wrongs:
            raise Refused(self._wrongs[:TOLD])
        return nodes[0]

    def _elements(self, said: Any, shape: Shape) -> list[Node]:
        """Return the elements of an object: one or a list, within one object or a list of them."""
        nodes: list[Node] = []
        for one in said if isinstance(said, list) else [said]:
            for name, value in self._named(one, shape.name).items():
                if name.lower() == "element":
                    elements = value if isinstance(value, list) else [value]
                    if len(elements) > _ELEMENTS:
                        self._wrong(shape.name, "too_many", most=_ELEMENTS)
                    nodes += [self._element(element, shape) for element in elements[:_ELEMENTS]]
                else:
                    self._wrong(name, "afas_unknown_field")
        return nodes

    def _element(self, said: Any, shape: Shape) -> Node:
        node = Node()
        for name, value in self._named(said, f"{shape.name}.Element").items():
            if name.lower() == "fields":
                self._fields(value, shape, node)
            elif name.lower() == "objects":
                self._objects(value, shape, node)
            elif name.lower() == "@sbid":
                node.key = None if value in _NOTHING else self._read(name, value, integer)
            elif name.lower() == "@action":
                node.action = self._action(name, value)
            else:
                self._wrong(name, "afas_unknown_field")
        return node

    def _fields(self, said: Any, shape: Shape, node: Node) -> None:
        for name, value in self._named(said, "Fields").items():
            spec = shape.fields.get(name.lower())
            if spec is not None:
                node.fields[spec.id] = self._field(spec, value)
            elif name.lower() == "@action":
                node.action = self._action(name, value)
            elif shape.open and _CUSTOM_FIELD.fullmatch(name):
                node.custom[name] = value
            else:
                self._wrong(name, "afas_unknown_field")

    def _field(self, spec: FieldSpec, value: Any) -> Any:
        if value is None or value == "":
            return None
        read = self._read(spec.id, value, READERS[spec.type])
        if spec.length and isinstance(read, str) and len(read) > spec.length:
            self._wrong(spec.id, "too_long", most=spec.length)
        return read

    def _objects(self, said: Any, shape: Shape, node: Node) -> None:
        known = {one.name.lower(): one for one in shape.objects}
        for part in said if isinstance(said, list) else [said]:
            for name, value in self._named(part, "Objects").items():
                if one := known.get(name.lower()):
                    node.objects.setdefault(one.name, []).extend(self._elements(value, one))
                elif shape.open and _CUSTOM_OBJECT.fullmatch(name):
                    self._custom(value, name, node)
                else:
                    self._wrong(name, "afas_unknown_object")

    def _custom(self, said: Any, name: str, node: Node) -> None:
        for one in self._elements(said, Shape(name, {}, open=True)):
            node.custom |= one.custom

    def _action(self, name: str, value: Any) -> Action | None:
        said = _ACTIONS.get(value.lower()) if isinstance(value, str) else None
        if said is None and value not in _NOTHING:
            self._wrong(name, "wrong_value", expected=", ".join(_ACTIONS))
        return said

    def _read(self, name: str, value: Any, reader: Any) -> Any:
        try:
            return reader(value)
        except (ValueError, OverflowError) as error:
            self._wrong(name, str(error.args[0]) if isinstance(error, Unreadable) else "afas_not_integer")
            return None

    def _named(self, said: Any, place: str) -> Mapping[str, Any]:
        """Return the parts of an object, none where it is empty; the same name twice must say the same."""
        if said in _NOTHING:
            return {}
        if not isinstance(said, dict):
            self._wrong(place, "afas_not_object")
            return {}
        for twice in _twice(said):
            self._wrong(twice, "afas_twice")
        return said

    def _wrong(self, name: str, code: str, **values: Any) -> None:
        self._wrongs.append(Wrong(name_of(name), code, values))


def _twice(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that are there twice, in other capitals, with another value."""
    seen: dict[str, Any] = {}
    for name, value in said.items():
        if name.lower() in seen and seen[name.lower()] != value:
            yield name
        seen[name.lower()] = value
