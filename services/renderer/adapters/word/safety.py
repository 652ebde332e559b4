"""What a Word layout may not hold, and what is taken out of it: macros, links to elsewhere, data sources."""

import re

from services.renderer.adapters.word.parcel import Parcel, Unfit
from services.renderer.adapters.word.xml import Element, above, remove, w

_HARMLESS = re.compile(r"(?:https?|mailto|tel|ftp):", re.IGNORECASE)
_TAKEN_OUT = {"attachedTemplate", "mailMergeSource", "mailMergeHeaderSource", "recipientData"}
_OBJECTS = {
    "vbaProject": ("word_macros", "macros"),
    "keyMapCustomizations": ("word_macros", "key bindings of macros"),
    "attachedToolbars": ("word_macros", "tool bars of macros"),
    "control": ("word_macros", "an ActiveX control"),
    "oleObject": ("word_embedded", "an embedded object"),
    "package": ("word_embedded", "an embedded file"),
    "aFChunk": ("word_embedded", "another document"),
    "subDocument": ("word_embedded", "another document"),
}
_MACRO_TYPES = re.compile(r"macroEnabled|vbaProject|vbaData|activeX", re.IGNORECASE)
_REACHING_OUT = {"INCLUDETEXT", "INCLUDEPICTURE", "INCLUDE", "IMPORT", "LINK", "DDE", "DDEAUTO", "DATABASE", "RD"}
_ACTIVE = {"MACROBUTTON", "CONTROL", "HTMLCONTROL"}
_FIELD = re.compile(r"^\s*([A-Za-z]+)")


def make_safe(parcel: Parcel) -> None:
    """Take out what ties a layout to a place, and raise `Unfit` for whatever else reaches outside of it."""
    for name in parcel.types.values():
        if _MACRO_TYPES.search(name):
            raise Unfit("word_macros", "a layout can't hold macros: save it as a Word document (.docx)")
    for name in [name for name in parcel.trees if name.endswith(".rels")]:
        for relation in parcel.relations(_owner(name)):
            _check(parcel, name, relation)
    _take_out_settings(parcel)
    for name, tree in parcel.trees.items():
        if name.startswith("word/"):
            _check_fields(name, tree)
            _unbind(parcel, name)


def _owner(rels: str) -> str:
    folder, _, file = rels.rpartition("_rels/")
    return folder + file.removesuffix(".rels")


def _check(parcel: Parcel, name: str, relation: Element) -> None:
    kind = relation.get("Type", "").rpartition("/")[2]
    if kind in _TAKEN_OUT:
        remove(relation)
        parcel.changed.add(name)
        if relation.get("TargetMode") != "External":
            parcel.drop(parcel.target(_owner(name), relation))
    elif kind in _OBJECTS:
        code, what = _OBJECTS[kind]
        raise Unfit(code, f"a layout can't hold {what} ({relation.get('Target', '')[:80]})")
    elif relation.get("TargetMode", "").lower() == "external":
        target = relation.get("Target", "")
        if kind != "hyperlink" or not _HARMLESS.match(target):
            raise Unfit("word_link", f"{name} links to a {kind} elsewhere ({target[:80]}): put it into the document")


def _take_out_settings(parcel: Parcel) -> None:
    """Forget the template and the data source of a mail merge: whoever opens a letter would be asked for them."""
    for name, tree in parcel.trees.items():
        if tree.tag == w("settings"):
            for element in [*tree.iter(w("attachedTemplate"), w("mailMerge"), w("linkStyles"))]:
                remove(element)
                parcel.changed.add(name)


def _check_fields(name: str, tree: Element) -> None:
    said: list[str] = []
    for element in tree.iter(w("fldChar"), w("instrText"), w("fldSimple")):
        if element.tag == w("fldSimple"):
            _check_field(name, element.get(w("instr"), ""))
        elif element.tag == w("instrText"):
            said[-1:] = [said[-1] + (element.text or "")] if said else []
        elif element.get(w("fldCharType")) == "begin":
            said.append("")
        elif said:
            _check_field(name, said[-1])
            if element.get(w("fldCharType")) == "end":
                said.pop()


def _check_field(name: str, instruction: str) -> None:
    found = _FIELD.match(instruction)
    kind = found[1].upper() if found else ""
    if kind in _REACHING_OUT:
        raise Unfit("word_link", f"the field {kind} in {name} fetches something from elsewhere")
    if kind in _ACTIVE:
        raise Unfit("word_macros", f"the field {kind} in {name} runs a macro")


def _unbind(parcel: Parcel, name: str) -> None:
    """Let content controls keep the text that is merged into them: Word would put their bound value back."""
    for binding in [*parcel.trees[name].iter("{*}dataBinding")]:
        if above(binding, w("sdt")) is not None:
            remove(binding)
            parcel.changed.add(name)
