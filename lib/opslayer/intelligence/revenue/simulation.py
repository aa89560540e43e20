"""What revenue can come to: paths of every source, drawn and summed.

Each item draws from a stream of its own, keyed by its name (Philox; Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", SC 2011): a change of one deal moves its own draws and nobody else's (common
random numbers; Glasserman, Monte Carlo Methods in Financial Engineering, 2003, section 4.2.1).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from opslayer.intelligence.revenue.analogues import HORIZON
from opslayer.intelligence.revenue.inputs import Floats, Integers
from opslayer.intelligence.revenue.season import Calendar
from opslayer.intelligence.revenue.sources import COMPONENTS, UNHEARD, Sources

PATHS = 1000


def simulate(sources: Sources, *, seed: int, paths: int = PATHS) -> dict[str, Floats]:
    """By component, what is to come by path and week, (paths, HORIZON): without season and what months
    share."""
    flows = {name: np.zeros((paths, HORIZON)) for name in COMPONENTS[1:]}
    deals = sources.is_deal
    for row, component in enumerate(sources.items["component"].to_list()):
        if sources.scale[row] > 0:
            flows[component] += draw_item(sources, row, is_deal=bool(deals[row]), seed=seed, paths=paths)
    flows[UNHEARD] += sources.run_rate * sources.unheard[_unheard(sources, seed, paths)]
    return flows


def draw_item(sources: Sources, row: int, *, is_deal: bool, seed: int, paths: int = PATHS) -> Floats:
    """What one item is to bring by path and week, (paths, HORIZON): the same whatever the others are."""
    scale, pool = sources.scale[row], sources.pools[sources.pool[row]]
    draws = _draws(_stream_of(sources.items["key"][row], is_deal=is_deal), seed, paths)
    if not is_deal:
        running: Floats = scale * pool.draw(draws[0])
        return running
    flow = np.zeros((paths, HORIZON))
    week = _starts(sources.won[row : row + 1], draws[1:])[0]
    for start in np.unique(week[week < HORIZON]):
        chosen = np.flatnonzero(week == start)
        flow[chosen, start:] = scale * pool.draw(draws[0, chosen])[:, : HORIZON - start]
    return flow


def monthly(
    sources: Sources,
    share: Floats,
    running: Floats,
    drawn: dict[str, Floats],
    *,
    seed: int,
    paths: int = PATHS,
) -> Floats:
    """The sum of what `simulate` draws, by path and month, (paths, months).

    `share` is of weeks in months, `running` the same for work that runs (as in Calendar). `drawn` keeps the
    draws of items from one call to the next, of another day.

    Every pool is brought to months before it is drawn from, all of its items at once: a fraction of the work.
    """
    flow = sources.run_rate * (sources.unheard @ share)[_unheard(sources, seed, paths)]
    deals, keys = sources.is_deal, sources.items["key"].to_list()
    counted = sources.scale > 0
    for number in np.unique(sources.pool[counted]):
        pool = sources.pools[number]
        own = counted & (sources.pool == number)
        for is_deal in (False, True):
            rows = np.flatnonzero(own & (deals == is_deal))
            if not len(rows):
                continue
            names = [_stream_of(keys[row], is_deal=is_deal) for row in rows]
            drawn |= {name: _draws(name, seed, paths) for name in names if name not in drawn}
            draws = np.array([drawn[name] for name in names])
            picked = pool.pick(draws[:, 0])
            start = _starts(sources.won[rows], draws[:, 1]) if is_deal else np.zeros_like(picked)
            falls = share if is_deal else running
            brought = _brought(pool.path, falls, starts=HORIZON if is_deal else 1)
            flow += np.einsum("i,ipm->pm", sources.scale[rows], brought[start, picked])
    return flow


def _brought(path: Floats, share: Floats, *, starts: int) -> Floats:
    """What each path brings in each month if it starts in week 0, 1, ...; the last: not at all.

    Shape (starts + 1, paths, months).
    """
    begun = [path[:, : HORIZON - week] @ share[week:] for week in range(starts)]
    return np.array([*begun, np.zeros((len(path), share.shape[1]))])


def _starts(won: Floats, uniform: Floats) -> Integers:
    """The week each item is won in on each path, HORIZON for none; `won` is by week, `uniform` by path."""
    reached = np.cumsum(won, axis=1)
    weeks = [np.searchsorted(row, drawn, side="right") for row, drawn in zip(reached, uniform, strict=True)]
    return np.array(weeks, dtype=np.int64)


def shared(sources: Sources, calendar: Calendar, *, seed: int, paths: int = PATHS) -> Floats:
    """What all work of a month has in common, mean one: (paths, months)."""
    noise = sources.season.noise
    normal = np.array(
        [stream(f"month {month}", seed).standard_normal(paths) for month in calendar.months]
    ).T.reshape(paths, len(calendar.months))
    level = stream("level", seed).standard_normal(paths)[:, None]
    factor: Floats = np.exp(noise * normal + sources.spread * level - (noise**2 + sources.spread**2) / 2)
    return factor


def stream(name: str, seed: int) -> np.random.Generator:
    """A generator that is the same for a name and seed, whatever else is drawn."""
    key = int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def _stream_of(key: str, *, is_deal: bool) -> str:
    return f"{is_deal}:{key}"


def _draws(name: str, seed: int, paths: int) -> Floats:
    """Of an item by path: which analogue it takes, and when it is won; shape (2, paths)."""
    return uniforms(name, seed, 2 * paths).reshape(2, paths)


def _unheard(sources: Sources, seed: int, paths: int) -> Integers:
    return (uniforms(UNHEARD, seed, paths) * len(sources.unheard)).astype(np.int64)


def uniforms(name: str, seed: int, count: int) -> Floats:
    return stream(name, seed).random(count)
