"""How a person looks: shape, skin, hair, eyes, garment, room. Colours: linear RGB in [0, 1]; lengths: decimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tmt.train.heads.asset import Triple


@dataclass(frozen=True)
class Skin:
    """Colour of the skin and of the lips, and what lies in and on it, each 0..1."""

    tone: Triple
    lips: Triple
    blush: float = 0.5
    freckles: float = 0.0
    stubble: float = 0.0
    lines: float = 0.0
    shine: float = 0.5


@dataclass(frozen=True)
class Hair:
    """Hair on the head.

    style: how it is combed ("short", "bob", "long", "curly", "bald"); colour; grey: share of white strands; end: height
    at which falling hair is cut, from the eyes; length: of hair that stands; part: x of the parting; fringe: over the
    forehead; curl: radius of the waves; recede: by how much the hairline has withdrawn.
    """

    style: str
    colour: Triple
    grey: float = 0.0
    end: float = -1.0
    length: float = 0.4
    part: float = 0.2
    fringe: bool = False
    curl: float = 0.0
    recede: float = 0.0
    stand: float = 0.38  # how much short hair stands up


@dataclass(frozen=True)
class Wear:
    """The garment: colour, height of the neckline in front, how much lower it hangs there than at the nape, knit."""

    colour: Triple
    height: float = -1.62
    slope: float = 0.45
    knit: float = 0.5
    kind: str = "crew"  # crew, v, collar, jacket, hood, turtle
    second: Triple = (0.5, 0.5, 0.5)  # of stripes, shirt or trimming
    pattern: str = "plain"  # plain, stripes, bands, checks


@dataclass(frozen=True)
class Makeup:
    """Colour over the lids and its share, line along them, share of colour on the lips, each 0..1."""

    shadow: Triple = (0.2, 0.1, 0.1)
    lids: float = 0.0
    liner: float = 0.0


@dataclass(frozen=True)
class Glasses:
    """Half width and height of a lens, how square it is (2: round), radius of the frame, dm; colours; tint 0..1."""

    width: float
    height: float
    square: float
    thick: float
    colour: Triple
    tint: float = 0.0
    shade: Triple = (0.1, 0.1, 0.1)
    gloss: float = 0.3


@dataclass(frozen=True)
class Hat:
    """A beanie or a cap: its colours, height of its edge over the eyes in front."""

    kind: str
    colour: Triple
    second: Triple
    edge: float = 0.55


@dataclass(frozen=True)
class Person:
    """One person in their room. shape: asset targets with weights; brows: colour and fullness; beard: length."""

    shape: Mapping[str, float]
    skin: Skin
    hair: Hair
    wear: Wear
    iris: Triple
    brows: Triple
    brow_fullness: float = 1.0
    brow_tilt: float = 0.0  # how much their inner ends lie higher than their outer ones
    brow_paint: float = 0.0  # how much more of the brows is painted than under thick strands
    beard: float = 0.0
    lashes: float = 1.0
    room: tuple[Triple, Triple, Triple] = ((0.5, 0.48, 0.44), (0.2, 0.16, 0.12), (0.75, 0.8, 0.85))
    light: float = 1.0  # side the window is on: 1 to the right of the picture, -1 to the left
    seed: int = 1
    makeup: Makeup = Makeup()
    glasses: Glasses | None = None
    calm: Mapping[str, float] = field(default_factory=dict)  # expression units at rest
    hat: Hat | None = None


IRIS = {
    "brown": (0.07, 0.03, 0.012), "dark": (0.03, 0.014, 0.008), "hazel": (0.12, 0.075, 0.025),
    "green": (0.09, 0.12, 0.06), "blue": (0.1, 0.17, 0.24), "grey": (0.14, 0.16, 0.17),
}  # fmt: skip
