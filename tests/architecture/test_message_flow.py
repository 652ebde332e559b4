"""Messages run one way: what each inbox hears comes from a service before it."""

from graphlib import CycleError, TopologicalSorter

import pytest

from shared.contracts import Message
from tests.architecture.tree import heard

Flow = dict[str, set[str]]


def publishers(kinds: tuple[type[Message], ...]) -> set[str]:
    """Return who tells these messages: the second word of each subject."""
    return {kind.SUBJECT.split(".")[1] for kind in kinds}


def ranks(flow: Flow) -> list[str]:
    """Return the services from the first teller to the last hearer; raise CycleError if messages go round."""
    return list(TopologicalSorter(flow).static_order())


def test_messages_run_in_one_direction() -> None:
    flow = {name: publishers(kinds) for name, kinds in heard().items()}

    order = ranks(flow)

    assert order == sorted(order, key=["dossier", "renderer", "mailer", "history"].index)


def test_each_message_is_heard_once_per_service() -> None:
    for name, kinds in heard().items():
        assert len(set(kinds)) == len(kinds), name


@pytest.mark.parametrize(
    "flow",
    [{"mailer": {"mailer"}}, {"renderer": {"mailer"}, "mailer": {"renderer"}}],
    ids=["itself", "one another"],
)
def test_messages_that_go_round_are_found(flow: Flow) -> None:
    with pytest.raises(CycleError):
        ranks(flow)
