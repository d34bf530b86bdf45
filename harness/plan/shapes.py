"""The shapes of a load: each holds the peak for the profile's time, and says what is around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from harness.model import Leg

Shape: TypeAlias = Literal["hold", "spike", "soak"]

RISE_SHARE = 0.2
RISE_S_MAX = 5.0
SPIKES_N = 3
CALM = 0.2
SOAK = 0.5
SOAK_TIMES = 4


def shaped(shape: Shape, load_s: float) -> tuple[Leg, ...]:
    """The legs of that shape with load_s at the peak, in all; none for 0 s."""
    return _SHAPES[shape](load_s) if load_s else ()


def _rise_s(load_s: float) -> float:
    return min(RISE_S_MAX, load_s * RISE_SHARE)


def _hold(load_s: float) -> tuple[Leg, ...]:
    """A rise, and the peak."""
    return (Leg(1.0, _rise_s(load_s)), Leg(1.0, load_s))


def _spike(load_s: float) -> tuple[Leg, ...]:
    """The peak is there from one moment to the next and gone again, with calm around it."""
    each_s = load_s / SPIKES_N
    calm = Leg(CALM, each_s)
    spike = (Leg(1.0, 0.0), Leg(1.0, each_s), Leg(CALM, 0.0), calm)
    return (Leg(CALM, _rise_s(load_s)), calm, *spike * SPIKES_N)


def _soak(load_s: float) -> tuple[Leg, ...]:
    """Long work well below the peak, and then the peak."""
    rise_s = _rise_s(load_s)
    return (Leg(SOAK, rise_s), Leg(SOAK, SOAK_TIMES * load_s), Leg(1.0, rise_s), Leg(1.0, load_s))


_SHAPES: Mapping[Shape, Callable[[float], tuple[Leg, ...]]] = {
    "hold": _hold,
    "spike": _spike,
    "soak": _soak,
}
