"""What a run's numbers mean to a person: how well each part of the face follows, and whose face it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tmt.evaluate.metrics import correlation, gain, traits
from tmt.evaluate.observe import Seen
from tmt.evaluate.rows import CrossRow
from tmt.geometry import euler_from_rotation
from tmt.topology import Topology
from tmt.types import Array, Settings

Verdict = Literal["good", "fair", "poor", "unknown"]
PartName = Literal["head", "mouth", "eyes", "gaze", "brows"]
Level = Literal["follows", "over", "weakly", "not", "still", "off", "unknown"]
Trace = Literal["skin", "shape", "network"]
Side = Literal["subject", "unclear", "driver"]

# Standard deviation in the motion clip from which a trait is judged, in the order of Traits: mouth, its width, eyes,
# brows, gaze. The same frames shown to the detector again, 7 % smaller and compressed anew, come out different by up to
# .007, .008, .0125, .0037 and .010 in three of four of thirteen clips of thirteen people: the detector's own noise. A
# movement three times as large is still followed with a correlation of .89 by a result that follows it exactly; a
# smaller one drowns.
FLOORS = (0.021, 0.024, 0.037, 0.037, 0.011, 0.03)
TURN = 1.5  # degrees, likewise of the head: .35 are noise, and about 1 is how a pose leans with jaw and brows
PARTS: dict[PartName, tuple[int, ...]] = {"mouth": (0, 1), "eyes": (2, 3), "gaze": (5,), "brows": (4,)}
# A part follows when two thirds of its movement (c squared) are the motion clip's; below a quarter it goes its own way.
IN_STEP, LOOSE = 0.8, 0.5
# Its strength, as asked for: two people's eyes and mouths differ by about a third in how far they open, so what lies
# within that is no fault; below three tenths hardly anything is to be seen of it.
STRONG, FAINT, WILD = 0.6, 0.3, 1.6
OFTEN, MOSTLY = 0.1, 1 / 3  # of the frames in which an eye is nearly shut while the other person's is open
# Head units by which the mean faces of two halves of one person's clip differ is .006 to .017, since their expressions
# do: a difference of two such distances means something from here on, and by itself not much.
OWN_SHAPE = 0.012
NEARER = 0.6  # share from which skin or the network say whose face it is
ALIKE = 0.01  # of cosine: two people whom the network cannot tell apart


@dataclass(frozen=True)
class Part:
    """How one part of the face follows: level in a word; c, g: correlation and gain as the evaluation has them, of its
    weakest measure (a mouth's opening or its width, one eye or the other); asked: the strength that was set."""

    name: PartName
    level: Level
    c: float
    g: float
    asked: float = 1.0


@dataclass(frozen=True)
class Likeness:
    """Whom the result's face is nearer to by one trace of a person; subject, driver: distances from both, in head units
    for the shape, 1 - correlation for the skin, loss of cosine for a network that knows people."""

    trace: Trace
    side: Side
    subject: float
    driver: float

    @property
    def share(self) -> float:
        """0..1: how much nearer the subject than the driver; NaN where it was not measured."""
        return self.driver / max(self.subject + self.driver, 1e-9)


def asked_of(settings: Settings | None) -> dict[PartName, float]:
    """The strength that each part was asked for."""
    if settings is None:
        return dict.fromkeys(("head", "mouth", "eyes", "gaze", "brows"), 1.0)
    return {"head": settings.head, "mouth": settings.mouth, "eyes": settings.eyes, "gaze": settings.gaze,
            "brows": settings.brows}  # fmt: skip


def parts_of(
    row: CrossRow, driver: Seen, result: Seen, shut: float, asked: Mapping[PartName, float], topology: Topology
) -> tuple[Part, ...]:
    """Each part of the face; shut: share of the frames in which an eye is shut that should be open."""
    both = _both(driver, result)
    moved = traits(driver.canonical[both], topology).std(0) >= FLOORS
    c, g = ((t.mouth, t.width, t.eye_r, t.eye_l, t.brow, t.gaze) for t in (row.c, row.g))
    found = [_head(driver.rotation[both], result.rotation[both], asked["head"])]
    for name, own in PARTS.items():
        candidates = [_part(name, c[i], g[i], bool(moved[i]), asked[name]) for i in own]
        found.append(min(candidates, key=_rank))
    return tuple(_with_open_eyes(part, shut) if part.name == "eyes" else part for part in found)


def follows_of(parts: Sequence[Part]) -> Verdict:
    """The word for all of them: that of the weakest part that was judged."""
    levels = {part.level for part in parts} - {"still", "off", "unknown"}
    if not levels:
        return "unknown"
    return "poor" if "not" in levels else "good" if levels == {"follows"} else "fair"


def _both(driver: Seen, result: Seen) -> Array:
    """Indices of frames in which both faces were found."""
    count = min(len(driver), len(result))
    return np.flatnonzero(driver.found[:count] & result.found[:count])


def _head(driver: Array, result: Array, asked: float) -> Part:
    """The head's turns [T, 3, 3]: all three angles together, so that each counts as much as it moves."""
    theirs, own = (np.degrees(np.stack(euler_from_rotation(turns), 1)) for turns in (driver, result))
    series = [(angles - angles.mean(0)).ravel() for angles in (theirs, own)]
    return _part("head", correlation(*series), gain(*series), bool((theirs.std(0) >= TURN).any()), asked)


def _part(name: PartName, c: float, g: float, moves: bool, asked: float) -> Part:
    return Part(name, _level(c, g / asked, moves) if asked > 0 else "off", c, g, asked)


def _level(c: float, g: float, moves: bool) -> Level:
    if not moves:
        return "still"
    if np.isnan(c) or np.isnan(g):  # the result does not move at all
        return "not"
    if c < LOOSE or g < FAINT:
        return "not"
    if c < IN_STEP or g < STRONG:
        return "weakly"
    return "follows" if g <= WILD else "over"


def _rank(part: Part) -> tuple[int, float]:
    """The weakest first; what was not judged last."""
    order = ("not", "weakly", "over", "follows")
    return (order.index(part.level) if part.level in order else len(order)), np.nan_to_num(part.c)


def _with_open_eyes(eyes: Part, shut: float) -> Part:
    """A squint that stays moves nothing, so no correlation can see it."""
    worst: Level | None = "not" if shut > MOSTLY else "weakly" if shut > OFTEN else None
    if worst is None or eyes.level in ("not", "off") or (worst == eyes.level):
        return eyes
    return Part(eyes.name, worst, eyes.c, eyes.g, eyes.asked)


def likeness_of(row: CrossRow) -> tuple[Likeness, ...]:
    """What tells whose face it is: the skin, the shape, and a network where one is installed."""
    skin = _nearer("skin", 1 - row.texture_subject, 1 - row.texture_driver)
    apart = row.shape_driver - row.shape_subject
    side: Side = "subject" if apart >= OWN_SHAPE else "driver" if apart <= -OWN_SHAPE else "unclear"
    shape = Likeness("shape", side, row.shape_subject, row.shape_driver)
    if np.isnan(row.csim_self + row.csim_subject + row.csim_driver):
        return skin, shape
    subject, driver = (max(0.0, row.csim_self - value) for value in (row.csim_subject, row.csim_driver))
    network = _nearer("network", subject, driver)
    return skin, shape, network if max(subject, driver) > ALIKE else Likeness("network", "unclear", subject, driver)


def _nearer(trace: Trace, subject: float, driver: float) -> Likeness:
    share = Likeness(trace, "unclear", subject, driver).share
    side: Side = "subject" if share >= NEARER else "driver" if share <= 1 - NEARER else "unclear"
    return Likeness(trace, side, subject, driver)


def same_of(likeness: Sequence[Likeness]) -> Verdict:
    """Whether it is the subject. It takes two traces to say yes; the shape, which goes with expressions, can take a
    step off and not more."""
    sides = {item.trace: item.side for item in likeness}
    (shape,) = (item for item in likeness if item.trace == "shape")
    if "driver" in [side for trace, side in sides.items() if trace != "shape"]:
        return "poor"
    agreeing = list(sides.values()).count("subject")
    if not agreeing:
        return "poor" if shape.side == "driver" else "unknown"
    return "good" if agreeing > 1 and shape.subject <= shape.driver else "fair"


def verdict_of(value: float, good: float, fair: float) -> Verdict:
    """A single number against its two limits."""
    if np.isnan(value):
        return "unknown"
    return "good" if value >= good else "fair" if value >= fair else "poor"
