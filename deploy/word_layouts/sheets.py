"""The supplied Word layouts: a letter, an invitation, a statement of account over pages, and an appointment card."""

from collections.abc import Callable

from deploy.word_layouts.markup import cell, field, merge, p, row, run, table, tag_row, where
from deploy.word_layouts.package import Paper, Sheet
from deploy.word_layouts.stationery import (
    A4,
    Words,
    address,
    dated,
    ending,
    facts,
    greeting,
    known,
    letter,
    own_or,
    right,
    sender,
    shown_if,
)

A5 = Paper(210, 148, left=14, right=14, top=12, bottom=10, header=8, footer=6)
_SHADE = '<w:shd w:val="clear" w:color="auto" w:fill="E9F2F2"/>'


def a_letter(say: Words) -> Sheet:
    """A letter with a table and its total."""
    said = say["letter"]
    widths = (103.0, 25.0, 35.0)
    total = where("total", run(said["total"]))
    rows = table(
        "Lines",
        widths,
        row(
            cell(widths[0], p("Head", run(say["description"]))),
            cell(widths[1], right("Head", run(said["quantity"]))),
            cell(widths[2], right("Head", run(say["amount_head"]))),
            head=True,
        ),
        row(
            cell(widths[0], p("Cell", merge("TableStart:rows"), merge("description"))),
            cell(widths[1], right("Cell", merge("quantity"))),
            cell(widths[2], right("Cell", _amount("amount", say), merge("TableEnd:rows"))),
        ),
        tag_row("if merge.total is not none", *widths),
        row(
            cell(widths[0], p("Total", total)),
            cell(widths[1], right("Total")),
            cell(widths[2], right("Total", _amount("total", say))),
        ),
        tag_row("endif", *widths),
    )
    body = [
        *(address(), facts(dated(say), known(60, "reference", run(say["reference"])))),
        *(p("Title", merge("subject")), greeting(say), own_or("opening", run(said["opening"]))),
        *(shown_if("merge.rows", rows), p("Normal")),
        *(own_or("closing", run(said["closing"])), ending(say)),
    ]
    return letter("".join(body), say)


def an_invitation(say: Words) -> Sheet:
    """An invitation as a letter."""
    said = say["invitation"]
    told = [(name, merge(name)) for name in ("event", "place", "table")]
    told.insert(1, ("day", merge("day", rf'\@ "{say["full_date"]}"')))
    programme = table(
        "TableNormal",
        (38.0, 125.0),
        row(
            cell(38, p("Cell", merge("TableStart:programme"), merge("time"))),
            cell(125, p("Cell", merge("what"), merge("TableEnd:programme"))),
        ),
    )
    before = where("answer_before", run(said["answer_before"]), merge("answer_before", rf'\@ "{say["long_date"]}"'))
    answer = p("Normal", run(said["answer"]), before, where("answer_link", run(": "), merge("answer_link")), run("."))
    body = [
        *(address(), facts(dated(say), known(60, "reference", run(say["reference"])))),
        *(p("Title", merge("subject")), greeting(say), own_or("opening", run(said["opening"]))),
        *(_listed(38, 125, [(name, run(said[name]), value) for name, value in told]), p("Normal")),
        shown_if("merge.programme", p("Head", run(said["programme"])), programme, p("Normal")),
        shown_if("merge.answer_link or merge.answer_before", answer),
        *(p("Normal", run(said["closing"])), ending(say)),
    ]
    return letter("".join(body), say)


def a_statement(say: Words) -> Sheet:
    """A statement of account, over as many pages as it takes."""
    said = say["statement"]
    widths = (28.0, 100.0, 35.0)
    total = field(rf' =SUM(ABOVE) \# "{say["amount"]}" ', shows="«sum»")
    lines = table(
        "Lines",
        widths,
        row(
            cell(widths[0], p("Head", run(say["date"]))),
            cell(widths[1], p("Head", run(say["description"]))),
            cell(widths[2], right("Head", run(say["amount_head"]))),
            head=True,
        ),
        row(
            cell(widths[0]),
            cell(widths[1], p("Cell", run(said["before"]))),
            cell(widths[2], right("Cell", _amount("opening_balance", say))),
        ),
        row(
            cell(widths[0], p("Cell", merge("TableStart:lines"), _short("day", say))),
            cell(widths[1], p("Cell", merge("description"))),
            cell(widths[2], right("Cell", _amount("amount", say), merge("TableEnd:lines"))),
        ),
        row(
            cell(widths[0], p("Total")),
            cell(widths[1], p("Total", run(said["after"]))),
            cell(widths[2], right("Total", total)),
        ),
    )
    until = where("period_to", run(said["until"]), _short("period_to", say))
    period = (72, where("period_from", run(said["period"])), _short("period_from", say) + until)
    paid = [
        ("pay_before", run(said["pay_before"]), _short("pay_before", say)),
        ("account", run(said["account"]), merge("account")),
        (
            "account",
            run(said["holder"]),
            where("sender_name", merge("sender_name"), otherwise=(merge("sender_address"),)),
        ),
        ("reference", run(said["mention"]), merge("reference")),
    ]
    body = [
        *(address(), facts(dated(say), period, known(47, "reference", run(say["reference"])))),
        p("Title", merge("subject")),
        *(shown_if("merge.opening", p("Normal", merge("opening"))), lines, p("Normal")),
        shown_if("not merge.lines", p("Normal", run(said["empty"]))),
        shown_if("merge.closing", p("Normal", merge("closing"))),
        shown_if(
            "merge.account", p("Normal", run(said["due"]), looks="<w:keepNext/>"), _listed(44, 119, paid), p("Gap")
        ),
    ]
    return letter("".join(body), say)


def an_appointment(say: Words) -> Sheet:
    """A card of A5 on its side."""
    said = say["appointment"]
    time = where("time", run(said["at"]), merge("time"), run(said["hour"]))
    when = where("day", merge("day", rf'\@ "{say["full_date"]}"'), time, otherwise=(run(said["unknown"]),))
    told = [(name, run(said[name]), merge(name)) for name in ("place", "with", "bring", "route")]
    dear = p("Normal", where("recipient_name", run(said["before_name"]), merge("recipient_name"), run(",")))
    change = p(
        "Small",
        run(said["change"]),
        where("phone", run(" ("), merge("phone", style="Strong"), run(")")),
        run(said["answer"]),
    )
    body = [
        *(sender(A5.room, say), p("Title", merge("subject")), dear),
        shown_if("merge.opening or merge.day", own_or("opening", run(said["opening"]))),
        table(
            "TableNormal",
            (A5.room,),
            row(cell(A5.room, p("When", when, where("duration", run("  ·  "), merge("duration"))), looks=_SHADE)),
        ),
        p("Gap"),
        *(_listed(34, A5.room - 34, [*told, ("reference", run(say["reference"]), merge("reference"))]), change),
    ]
    return Sheet("".join(body), {"default": p("Gap")})


SHEETS: dict[str, tuple[Paper, Callable[[Words], Sheet]]] = {
    "letter": (A4, a_letter),
    "invitation": (A4, an_invitation),
    "statement": (A4, a_statement),
    "appointment": (A5, an_appointment),
}


def _listed(label: float, value: float, told: list[tuple[str, str, str]]) -> str:
    """Facts one below the other: the field that each depends on, its label and its value."""
    rows = [
        tag_row(f"if merge['{name}']", label, value)
        + row(cell(label, p("Name", said)), cell(value, p("Cell", shown)))
        + tag_row("endif", label, value)
        for name, said, shown in told
    ]
    return table("TableNormal", (label, value), *rows)


def _amount(name: str, say: Words) -> str:
    return merge(name, rf'\# "{say["amount"]}"')


def _short(name: str, say: Words) -> str:
    return merge(name, rf'\@ "{say["short_date"]}"')
