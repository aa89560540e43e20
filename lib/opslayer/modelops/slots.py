"""How many questions each endpoint is being asked, so that none is asked more at once than it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Condition
from time import monotonic


class Slots:
    """Shared by all threads of a process that ask."""

    def __init__(self, most: Mapping[str, int]) -> None:
        self.most = dict(most)
        self._asked: Counter[str] = Counter()
        self._freed = Condition()

    @contextmanager
    def taken(
        self, names: Sequence[str], *, until: float, one_at_once: Collection[str] = ()
    ) -> Iterator[str | None]:
        """The first of `names` with room, held until the block ends; None where none had any by `until`.

        One of `one_at_once` has no room for a second question: it failed last, and is only tried.
        """
        name = self._take(names, until, one_at_once)
        try:
            yield name
        finally:
            if name is not None:
                with self._freed:
                    self._asked[name] -= 1
                    self._freed.notify_all()

    def _take(self, names: Sequence[str], until: float, one_at_once: Collection[str]) -> str | None:
        def free() -> str | None:
            return next(
                (n for n in names if self._asked[n] < (1 if n in one_at_once else self.most.get(n, 1))), None
            )

        with self._freed:
            while (name := free()) is None:
                if not names or not self._freed.wait(until - monotonic()):
                    return None
            self._asked[name] += 1
            return name
