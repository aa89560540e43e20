"""The HTML of an executed notebook: what a CFO reads, whole in one file, with no network."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import nbformat

PLOTLY: Final = "application/vnd.plotly.v1+json"
TEMPLATES: Final = Path(__file__).parent


def render_page(notebook: nbformat.NotebookNode, title: str, *, failed: str | None = None) -> str:
    """`notebook` without code and prompts; Plotly figures stay live, by the script within the page.

    `failed` is why the run did not complete; it stands at the top.
    """
    from nbconvert import HTMLExporter  # it takes a second to load: only where a page is made
    from plotly.offline import get_plotlyjs

    page = copy.deepcopy(notebook)
    page.metadata["title"] = title
    figures = sum(_embed_figures(cell) for cell in page.cells)
    exporter = HTMLExporter(
        template_name="page_template",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
    )
    resources = {"plotly_script": get_plotlyjs() if figures else "", "failed": failed}
    body, _ = exporter.from_notebook_node(page, resources)
    return str(body)


def _embed_figures(cell: nbformat.NotebookNode) -> int:
    """Replace each figure's JSON by HTML that draws it; how many there were."""
    import nbformat
    import plotly.io

    outputs = [output for output in cell.get("outputs", []) if PLOTLY in output.get("data", {})]
    for output in outputs:
        figure = output["data"][PLOTLY]
        drawn = plotly.io.to_html(
            {key: figure[key] for key in ("data", "layout", "frames") if key in figure},
            config={**(figure.get("config") or {}), "displayModeBar": False},
            full_html=False,
            include_plotlyjs=False,
            validate=False,
        )
        output["data"] = nbformat.from_dict({"text/html": drawn})
    return len(outputs)
