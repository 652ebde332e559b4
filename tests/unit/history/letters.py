"""Letters of one page, as any engine might make them, and what a bound file says."""

from io import BytesIO

import pikepdf
import pypdfium2


def a_letter(text: str, pages: int = 1, picture: bytes = b"") -> bytes:
    """Return a PDF that says a text on each page, with a picture of these bytes if given."""
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(200, 100))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for page in pdf.pages:
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
            if picture:
                page.Resources.XObject = pikepdf.Dictionary(P=_image(pdf, picture))
            page.Contents = pdf.make_stream(f"BT /F1 12 Tf 10 50 Td ({text}) Tj ET".encode("latin-1"))
        pdf.docinfo["/Title"] = f"{text} (5 0 R)"
        written = BytesIO()
        pdf.save(written)
        return written.getvalue()


def said(pdf: bytes) -> list[str]:
    """Return what each page of a PDF says, read by PDFium."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return [page.get_textpage().get_text_bounded().strip() for page in opened]


def _image(pdf: pikepdf.Pdf, content: bytes) -> pikepdf.Object:
    image = pdf.make_stream(content)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height, image.BitsPerComponent = len(content), 1, 8
    image.ColorSpace = pikepdf.Name.DeviceGray
    return pdf.make_indirect(image)
