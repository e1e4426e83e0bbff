"""What others wrote in HTML, for a frame inside a page: it runs nothing and fetches nothing."""

from starlette.responses import HTMLResponse, Response

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""No script, no form, no frame, and no picture from elsewhere: that would tell who looks."""


def framed(html: str) -> Response:
    """Return the answer with a mail's HTML, which is nobody's page."""
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})
