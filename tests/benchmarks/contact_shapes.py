"""What is asked of a million contacts: every order, filter and kind of word, and what hurts most of each."""

from services.dossier.domain.looking import ContactFilter, Order

_BY_NAME, _BY_EMAIL, _BY_NUMBER = Order("name"), Order("email"), Order()
SHAPES: dict[str, tuple[ContactFilter, Order]] = {
    # every order, both ways
    "all, by number": (ContactFilter(), _BY_NUMBER),
    "all, by name, last first": (ContactFilter(), Order("name", descending=True)),
    "all, by email": (ContactFilter(), _BY_EMAIL),
    "all, by function, last first": (ContactFilter(), Order("function", descending=True)),
    "all, by changed, last first": (ContactFilter(), Order("changed", descending=True)),
    # filters: those let through are many, few, none, or all of them far down
    "kind, by name": (ContactFilter(kind="employee"), _BY_NAME),
    "persons, all behind the organisations": (ContactFilter(kind="person"), _BY_NUMBER),
    "contact persons, last first": (ContactFilter(kind="contact_person"), Order("number", descending=True)),
    "blocked, by email": (ContactFilter(blocked=True), _BY_EMAIL),
    "invalid addresses, by email": (ContactFilter(address="invalid"), _BY_EMAIL),
    "without valid address, by function": (ContactFilter(address="not_valid"), Order("function")),
    "blocked and denied and English, by changed": (
        ContactFilter(blocked=True, consent="denied", language="en"),
        Order("changed"),
    ),
    "nobody": (ContactFilter(kind="employer", blocked=True), _BY_NAME),
    "persons of one organisation": (ContactFilter(of="organisation/1000744"), _BY_NAME),
    # words: rare, common, common and all of them far down, none
    "a rare word, by name": (ContactFilter(q="barikobari"), _BY_NAME),
    "a word of one in a thousand, by email": (ContactFilter(q="kobari"), _BY_EMAIL),
    "a common word, by name": (ContactFilter(q="zwart"), _BY_NAME),
    "a common word, by email, last first": (ContactFilter(q="zwart"), Order("email", descending=True)),
    "a common word, by changed": (ContactFilter(q="zwart"), Order("changed")),
    "a common word, by function": (ContactFilter(q="zwart"), Order("function")),
    "a common first word, by name": (ContactFilter(q="stichting"), _BY_NAME),
    "a common first word, by name, last first": (ContactFilter(q="bakkerij"), Order("name", descending=True)),
    "a common first name, by name": (ContactFilter(q="yara"), _BY_NAME),
    "a common first name, by email": (ContactFilter(q="yara"), _BY_EMAIL),
    "a very common word, by name": (ContactFilter(q="van"), _BY_NAME),
    "every address, by name": (ContactFilter(q="example"), _BY_NAME),
    "every address, by email": (ContactFilter(q="example"), _BY_EMAIL),
    "no such word": (ContactFilter(q="xylofoon"), _BY_NAME),
    "a name, by name": (ContactFilter(q="fleur zwart"), _BY_NAME),
    "a name, by number": (ContactFilter(q="fleur zwart"), _BY_NUMBER),
    "a common and a rare word": (ContactFilter(q="example barikobari"), _BY_NAME),
    "two common words": (ContactFilter(q="yara example"), _BY_NAME),
    "two words that never meet": (ContactFilter(q="stichting apotheek"), _BY_NAME),
    # short ones, numbers, accents
    "two letters, by name": (ContactFilter(q="zw"), _BY_NAME),
    "one letter, by name": (ContactFilter(q="z"), _BY_NAME),
    "one letter, by number": (ContactFilter(q="y"), _BY_NUMBER),
    "a number": (ContactFilter(q="1000744"), _BY_NAME),
    "the beginning of a number": (ContactFilter(q="50001"), _BY_NUMBER),
    "the beginning of many numbers": (ContactFilter(q="50"), _BY_NUMBER),
    "an accent": (ContactFilter(q="Zoë Müller"), _BY_NAME),
    "without the accent": (ContactFilter(q="nunez"), _BY_NAME),
    "Greek": (ContactFilter(q="Ζωή"), _BY_NAME),
    # words and filters
    "a word and a filter": (ContactFilter(q="garage", consent="denied", blocked=True), _BY_NAME),
    "a common word and a kind": (ContactFilter(q="zwart", kind="employee"), _BY_NAME),
    "a common word and those blocked": (ContactFilter(q="van", blocked=True), _BY_EMAIL),
    "a common word and English": (ContactFilter(q="stichting", language="en"), _BY_NAME),
    "a kind that does not have the word": (ContactFilter(q="stichting", kind="person"), _BY_NAME),
}
