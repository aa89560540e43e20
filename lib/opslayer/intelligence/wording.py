"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal


def written(amount: Decimal, currency: str) -> str:
    """An amount without its sign, as an executive reads it: three or more figures, the scale in words."""
    size = abs(amount)
    if size >= 999_500:
        return f"{currency} {size / 1_000_000:.2f} million"
    if size >= Decimal("9999.5"):
        return f"{currency} {size / 1000:.0f} thousand"
    return f"{currency} {size.quantize(Decimal(1), ROUND_HALF_EVEN):,}"


def listed(clauses: Sequence[str]) -> str:
    """Clauses as one: a, b and c."""
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]]) if len(clauses) > 1 else "".join(clauses)
