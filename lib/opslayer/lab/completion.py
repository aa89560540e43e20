"""Tab within the quotes of `layer.table("ma`: the names that the snapshot and the firm have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from opslayer.errors import OpslayerError

if TYPE_CHECKING:
    from opslayer.lab.reader import Reader

ASKED = re.compile(r"""\blayer\.(table|columns|metric|query|sql)\(\s*["']([\w.]*)$""")


def offer_completions(reader: Reader) -> None:
    """Within IPython only; anywhere else nothing is done."""
    from IPython.core.completer import (
        CompletionContext,
        SimpleCompletion,
        SimpleMatcherResult,
        context_matcher,
    )
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    @context_matcher()  # type: ignore[untyped-decorator]
    def layer_matcher(context: CompletionContext) -> SimpleMatcherResult:
        found, begun = names_for(reader, context.text_until_cursor)
        return SimpleMatcherResult(
            completions=[SimpleCompletion(text=name, type="text") for name in found],
            matched_fragment=begun,
            suppress=bool(found),
        )

    shell.Completer.custom_matchers.append(layer_matcher)


def names_for(reader: Reader, line: str) -> tuple[list[str], str]:
    """The names that what stands before the cursor may become, and how far it has got; none elsewhere."""
    asked = ASKED.search(line)
    if asked is None:
        return [], ""
    known: dict[str, Callable[[], list[str]]] = {
        "table": reader.table_names,
        "columns": reader.table_names,
        "metric": reader.metric_names,
        "query": reader.query_names,
        "sql": reader.query_names,
    }
    try:
        return [name for name in known[asked[1]]() if name.startswith(asked[2])], asked[2]
    except OpslayerError:
        return [], asked[2]  # no firm or no snapshot yet: said where it is asked for, not at a Tab
