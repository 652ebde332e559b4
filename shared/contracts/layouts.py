"""What the renderer is asked of a layout before it is recorded: whether it can be merged, and what is wrong with it."""

from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import Frozen


class LayoutWanted(Frozen):
    """Asked of the renderer: can this layout be merged? Its files are kept as blobs already."""

    document: LayoutDocument


class LayoutProblem(Frozen):
    """One thing wrong with a layout: in which language, a code, and where as far as known; `detail` is in English."""

    language: str
    code: str
    detail: str
    field: str | None = None
    line: int | None = None


class LayoutJudged(Frozen):
    """Everything wrong with a layout; nothing if it can be merged.

    `declined` says by language why a Word layout can't become a PDF without an office program.
    """

    problems: tuple[LayoutProblem, ...] = ()
    declined: dict[str, tuple[str, ...]] = {}
