"""What the renderer is asked of layouts: whether one can be merged, what stands in it, and which formats it makes."""

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


class FormatsWanted(Frozen):
    """Asked of the renderer: which formats it makes on its machine."""


class MadeFormat(Frozen):
    """A format that a kind of layout becomes: by which engines (name → version); `missing` says why not here."""

    kind: str
    format: str
    content_type: str
    engines: dict[str, str]
    missing: str | None = None


class FormatsTold(Frozen):
    """All formats that the renderer knows, made here or not."""

    formats: tuple[MadeFormat, ...]
