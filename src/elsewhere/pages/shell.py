"""shell: what every page needs: the results, the templates, and the errors that become a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from elsewhere.pages import shown
from elsewhere.pages.results import Results

HERE = Path(__file__).parent


class Refused(ValueError):  # noqa: N818 - read where it is raised
    """What a person asked for cannot be done; the message is a sentence for them."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Shell:
    """One project, and how its pages are written.

    Attributes
    ----------
    results
        Its artefacts.
    scratch
        Private folder of this server; gone when it stops.
    asks
        Whether models may be asked about scans from outside.
    """

    results: Results
    scratch: Path
    asks: bool = True
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def templates(self) -> jinja2.Environment:
        """The templates: all that they are given is escaped, and a name they lack is an error."""
        found = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        found.filters |= shown.FILTERS
        return found

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page.

        Parameters
        ----------
        template
            Name of its template, which extends ``page.html.j2``.
        status
            Of the answer.
        **values
            What the template shows. Of every page: ``study``, the name of the study that it is of;
            ``synthetic``, whether synthetic sites are on it (default: any of the study, or of the
            project), and ``crumbs``, links to the pages above it: name to address.
        """
        study = values.get("study")
        of_page = {
            "study": study,
            "studies": self.results.titles(),
            "asks": self.asks,
            "synthetic": self.results.synthetic(study),
            "said": shown.SYNTHETIC,
            "trouble": self.results.trouble,
            "crumbs": {},
        }
        text = self.templates.get_template(template).render(of_page | values)
        return HTMLResponse(text, status)


def of(request: Request) -> Shell:
    """Return the shell of the server that got a request."""
    shell: Shell = request.app.state.shell
    return shell
