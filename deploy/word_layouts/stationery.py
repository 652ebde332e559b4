"""What the letters share: the paper, header and footer, the address in the window, facts, and how a letter ends."""

from typing import Any

from deploy.word_layouts.markup import RIGHT, cell, field, merge, p, picture, row, run, table, tag, twips, where
from deploy.word_layouts.package import MARK, Paper, Sheet

Words = dict[str, Any]
A4 = Paper(210, 297, left=25, right=22, top=32, bottom=28, header=14, footer=13)
_MARK = (13.8, 11.8)  # millimetres
_NARROW = 44.0


def letter(body: str, say: Words) -> Sheet:
    """A letter: the first page has the sender above and begins lower, for the window of an envelope."""
    gap = f'<w:spacing w:after="0" w:line="{twips(15)}" w:lineRule="exact"/>'
    first = sender(A4.room, say) + p("Gap", looks=gap)
    later = p("Header", where("sender_name", merge("sender_name"), run("  ·  ")), merge("subject"))
    return Sheet(body, {"first": first, "default": later}, dict.fromkeys(("first", "default"), foot(A4.room, say)))


def sender(room: float, say: Words) -> str:
    """The mark, and beside it who writes."""
    name = where("sender_name", merge("sender_name"), otherwise=(merge("sender_address"),))
    address = where("sender_name", merge("sender_address"))
    mark = p("Header", picture(MARK, *_MARK, say["mark"]))
    widths = (_NARROW, room - _NARROW)
    return table(
        "TableNormal",
        widths,
        row(cell(widths[0], mark), cell(widths[1], p("SenderName", name), p("SenderAddress", address))),
    )


def foot(room: float, say: Words) -> str:
    """Who writes, and which page it is."""
    end = f'<w:tabs><w:tab w:val="right" w:pos="{twips(room)}"/></w:tabs>'
    who = where("sender_name", merge("sender_name"), run("  ·  "))
    page = (run(say["page"]), field(" PAGE ", shows="1"), run(say["of"]), field(" NUMPAGES ", shows="1"))
    return p("Footer", who, merge("sender_address"), "<w:r><w:tab/></w:r>", *page, looks=end)


def address() -> str:
    """The address of the recipient, where the window of an envelope shows it."""
    block = field(r" ADDRESSBLOCK \c 1 ", shows="«AddressBlock»")
    return table("TableNormal", (95,), row(cell(95, p("Address", block)), high=33)) + p("Gap")


def facts(*told: tuple[float, str, str]) -> str:
    """What a letter is about, side by side: how wide, a label and a value, each a piece of a paragraph."""
    widths = tuple(width for width, _, _ in told)
    labels = row(*(cell(width, p("Label", label)) for width, label, _ in told))
    values = row(*(cell(width, p("Fact", value)) for width, _, value in told))
    return table("TableNormal", widths, labels, values)


def dated(say: Words) -> tuple[float, str, str]:
    """The date as a fact."""
    return 44, run(say["date"]), merge("date", rf'\@ "{say["long_date"]}"')


def known(width: float, name: str, label: str) -> tuple[float, str, str]:
    """A fact that may be absent, its label with it."""
    return width, where(name, label), merge(name)


def greeting(say: Words) -> str:
    """The words that a letter begins with."""
    names = "<<_FIRST0_>><< _LAST0_>>"
    form = rf' GREETINGLINE \f "<<_BEFORE_ {say["before_name"]}>>{names}<<_AFTER_ ,>>" \e "{say["nameless"]}" '
    return p("Normal", field(form, shows="«GreetingLine»"))


def own_or(name: str, said: str) -> str:
    """A text of the request, or else this one."""
    return p("Normal", where(name, merge(name), otherwise=(said,)))


def ending(say: Words) -> str:
    """How a letter ends."""
    who = where(
        "sender_name", merge("sender_name", style="Strong"), otherwise=(merge("sender_address", style="Strong"),)
    )
    room = f'<w:keepNext/><w:spacing w:before="240" w:after="{twips(12)}"/>'
    return p("Normal", run(say["greeting"]), looks=room) + p("Normal", who)


def shown_if(condition: str, *blocks: str) -> str:
    """Blocks that are there only for those of whom this holds."""
    return tag(f"if {condition}") + "".join(blocks) + tag("endif")


def right(style: str, *runs: str) -> str:
    """A paragraph that ends at the right, as amounts do."""
    return p(style, *runs, looks=RIGHT)
