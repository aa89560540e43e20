"""What revenue can come to: paths of every source, drawn and summed.

Each item draws from a stream of its own, keyed by its name (Philox; Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", SC 2011): a change of one deal moves its own draws and nobody else's (common
random numbers; Glasserman, Monte Carlo Methods in Financial Engineering, 2003, section 4.2.1).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from opslayer.intelligence.revenue.analogues import HORIZON
from opslayer.intelligence.revenue.inputs import Floats
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
    pick = (uniforms(UNHEARD, seed, paths) * len(sources.unheard)).astype(np.int64)
    flows[UNHEARD] += sources.run_rate * sources.unheard[pick]
    return flows


def draw_item(sources: Sources, row: int, *, is_deal: bool, seed: int, paths: int = PATHS) -> Floats:
    """What one item is to bring by path and week, (paths, HORIZON): the same whatever the others are."""
    scale, pool = sources.scale[row], sources.pools[sources.pool[row]]
    draws = uniforms(f"{is_deal}:{sources.items['key'][row]}", seed, 2 * paths).reshape(2, paths)
    if not is_deal:
        running: Floats = scale * pool.draw(draws[0])
        return running
    flow = np.zeros((paths, HORIZON))
    week = np.searchsorted(np.cumsum(sources.won[row]), draws[1], side="right")
    for start in np.unique(week[week < HORIZON]):
        chosen = np.flatnonzero(week == start)
        flow[chosen, start:] = scale * pool.draw(draws[0, chosen])[:, : HORIZON - start]
    return flow


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


def uniforms(name: str, seed: int, count: int) -> Floats:
    return stream(name, seed).random(count)
