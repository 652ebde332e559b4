"""The XML of a Word document: names, and the few ways in which it is read and changed."""

from collections.abc import Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

Element = Any  # lxml ships no types

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def w(name: str) -> str:
    """Return a name of WordprocessingML as lxml writes it."""
    return f"{{{W}}}{name}"


def u(name: str) -> str:
    """Return a name of our own, which no document has and no namespace needs."""
    return f"uitpost-{name}"


PARAGRAPH, RUN, TEXT, PROPERTIES = w("p"), w("r"), w("t"), w("rPr")
SAY, DO = u("say"), u("do")  # an expression within a run, a statement between elements


def parsed(content: bytes) -> Element:
    """Return the root of a part. Nothing is fetched, no entity is put in; raises `etree.XMLSyntaxError`."""
    reader = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(content, reader)


def written(root: Element) -> str:
    """Return a part as text, without a declaration."""
    return str(etree.tostring(root, encoding="unicode"))


def run_like(run: Element, *content: Element) -> Element:
    """Return a new run that looks like another."""
    new = etree.Element(RUN)
    properties = run.find(PROPERTIES)
    if properties is not None:
        new.append(_copy(properties))
    new.extend(content)
    return new


def text(said: str) -> Element:
    """Return a text element of a run."""
    new = etree.Element(TEXT)
    new.text = said
    new.set(SPACE, "preserve")
    return new


def mark(kind: str, number: int) -> Element:
    """Return the element that stands for a tag."""
    return etree.Element(kind, n=str(number))


def remove(element: Element) -> None:
    """Take an element out of its parent."""
    element.getparent().remove(element)


def replace(element: Element, *others: Element) -> None:
    """Put others in the place of an element."""
    for other in others:
        element.addprevious(other)
    remove(element)


def own_runs(paragraph: Element) -> Iterator[Element]:
    """Yield the runs of a paragraph, also within links and content controls, but not those of its text boxes."""
    for child in paragraph:
        if child.tag == RUN:
            yield child
        elif child.tag != PARAGRAPH and child.tag != w("pPr"):
            yield from own_runs(child)


def above(element: Element, *tags: str) -> Element:
    """Return the nearest ancestor with one of these tags, None where there is none."""
    return next(element.iterancestors(*tags), None)


def _copy(element: Element) -> Element:
    copied = etree.fromstring(etree.tostring(element))
    copied.tail = None
    return copied
