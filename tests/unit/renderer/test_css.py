"""Styles inlined once for all mails give the same mail as styles inlined in each."""

import pytest
from jinja2 import Environment

from services.renderer.adapters.css import inlined, inlined_once

STYLE = "<style>td, .a { color: red } @media (max-width: 9px) { td { color: blue } }</style>"
VALUES = {"rows": ["<b>", "two"], "link": "https://bakery.example/?a=1&b=2", "on": True, "name": "Anna"}


def page(body: str, style: str = STYLE) -> str:
    """A page with this body."""
    return f"<!DOCTYPE html><html><head>{style}<title>{{{{ name }}}}</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        "<table><tbody>{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}</tbody></table>",
        "<p class='a'>{{ 'less' if 1 < 2 else \"more\" }} &amp; {{ name }}</p>",
        '<a class="a" href="{{ link }}" title="x {{ name }}">{{ name }}</a>',
        "<!--[if mso]>{% if on %}{{ name }}{% endif %}<![endif]--><td>x</td>",
        "{# a remark with > and < #}<p class=a>{% if on %}yes{% else %}no{% endif %}</p>",
    ],
)
def test_once_for_all_equals_each_by_itself(body: str) -> None:
    environment = Environment(autoescape=True)

    once = inlined_once(page(body))

    assert once is not None
    assert environment.from_string(once).render(VALUES) == inlined(environment.from_string(page(body)).render(VALUES))


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ("<p {% if on %}class='a'{% else %}class='b'{% endif %}>x</p>", STYLE),
        ("<p class='{% if on %}a{% endif %}'>x</p>", STYLE),
        ("<p>x</p>", "<style>p { color: {{ link }} }</style>"),
        ("<p>x</p>", "<style>p:nth-child(2) { color: red }</style>"),
        ("<table>{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}</table>", STYLE),
    ],
)
def test_what_depends_on_values_is_left_to_each_mail(body: str, style: str) -> None:
    assert inlined_once(page(body, style)) is None


def test_media_queries_stay_and_no_style_sheet_is_fetched() -> None:
    link = '<link rel="stylesheet" href="file:///etc/passwd">'

    mail = inlined(page("<td>x</td>", link + STYLE))

    assert "@media" in mail
    assert "root:" not in mail
