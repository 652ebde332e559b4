"""What the renderer is asked of a layout before it is recorded: whether it can be merged, and what stands in it."""

from shared.contracts.dossier import LayoutDocument, PdfEngine
from shared.contracts.message import Frozen


class LayoutWanted(Frozen):
    """Asked of the renderer: can this layout be merged? Its files are kept as blobs already."""

    document: LayoutDocument


class LayoutProblem(Frozen):
    """One thing that is wrong, or that is to be known: in which language, a code, and where as far as known.

    `part` is that of the sources, None for a file; `line` counts from 1; `detail` is in English.
    """

    language: str
    code: str
    detail: str
    field: str | None = None
    line: int | None = None
    part: str | None = None


class Placeholder(Frozen):
    """A value that a layout uses: `merge.rows[].amount`, in these places (`nl.html`).

    `required` says that it is written out wherever it stands, with nothing said of its absence.
    """

    path: str
    places: tuple[str, ...]
    required: bool = False


class LayoutJudged(Frozen):
    """Everything wrong with a layout; no problems if it can be merged.

    `warnings` prevent nothing. `pdf_engines` says by language what makes the PDFs of a Word layout, where anything can;
    `declined` why that is not its translation.
    """

    problems: tuple[LayoutProblem, ...] = ()
    warnings: tuple[LayoutProblem, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    declined: dict[str, tuple[str, ...]] = {}
    pdf_engines: dict[str, PdfEngine] = {}
