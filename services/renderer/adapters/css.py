"""Moves a style sheet into the elements it styles, since mail readers drop style sheets."""

import re
from functools import cache

from css_inline import CSSInliner

_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile(r"(?:<!--|&lt;!--)?jinja(\d+)(?:wrapped(?:-->|--&gt;)|bare)")
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_WRAPPED_BY_PARSER = re.compile(r"wrapped-->\s*<tbody")  # the parser's own tbody would open within the loop
_OF_SIBLINGS = re.compile(r":(?:first|last|nth|only|empty|not|has)|[+~]")


def inlined(page: str) -> str:
    """Return an HTML page with its styles in its elements; media queries stay, nothing is fetched."""
    return _inliner().inline(page)


def inlined_once(layout: str) -> str | None:
    """Return a Jinja2 layout with its styles inlined for all mails at once, or None where each mail needs its own.

    The HTML parser would move `{% for %}` out of a table, so tags travel as comments, or as words within
    attributes and comments. A tag that chooses attributes or styles, or a selector that counts siblings,
    has no answer before the values are known.
    """
    if _OF_SIBLINGS.search("".join(_STYLE.findall(layout))):
        return None
    marked, tags = _marked(layout)
    if marked is None:
        return None
    page = inlined(marked)
    if _WRAPPED_BY_PARSER.search(page):
        return None
    marks = [(int(mark[1]), "wrapped" in mark[0]) for mark in _MARK.finditer(page)]
    wrapped = [number for number, is_wrapped in marks if is_wrapped]  # attributes may change places, these may not
    all_there = wrapped == sorted(wrapped) and sorted(number for number, _ in marks) == list(range(len(tags)))
    return _MARK.sub(lambda mark: tags[int(mark[1])], page) if all_there else None


def _marked(layout: str) -> tuple[str | None, list[str]]:
    marked, position = "", 0
    tags: list[str] = []
    for tag in _JINJA.finditer(layout):
        marked += layout[position : tag.start()]
        mark = _mark(tag.group(), len(tags), marked)
        if mark is None:
            return None, []
        marked += mark
        position = tag.end()
        tags.append(tag.group())
    return marked + layout[position:], tags


def _mark(tag: str, number: int, before: str) -> str | None:
    """Return what stands for a tag while the page is parsed, by what it is surrounded with."""
    if before.rfind("<!--") > before.rfind("-->"):
        return f"jinja{number}bare"
    if before.rfind("<style") > before.rfind("</style"):
        return None
    if before.rfind("<") > before.rfind(">"):
        return f"jinja{number}bare" if tag.startswith("{{") else None
    return f"<!--jinja{number}wrapped-->"


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
