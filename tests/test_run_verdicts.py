"""The words over a result are those of its weakest part, and count nothing that the detector's noise drowns."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tmt.errors import Language
from tmt.evaluate.metrics import follow, traits
from tmt.evaluate.observe import Seen
from tmt.evaluate.rows import CrossRow, Run
from tmt.evaluate.run_numbers import RunNumbers
from tmt.evaluate.standouts import looks_of, shut_eyes
from tmt.evaluate.verdicts import Part, asked_of, follows_of, likeness_of, parts_of, same_of
from tmt.geometry import rotation_from_euler
from tmt.page.answers import findings
from tmt.page.panels import numbers_panel
from tmt.pose import template
from tmt.report_words import word
from tmt.topology import MEDIAPIPE_478 as TOPOLOGY
from tmt.types import Array, Settings

TIME = np.linspace(0, 2 * np.pi, 60)


def acted(mouth: Array | float = 0.0, brows: Array | float = 0.0, eyes: Array | float = 0.0, yaw: float = 0.0) -> Seen:
    """The average face, moved: mouth opening, brow height and how far the lids come down, each [T] head units."""
    canonical = np.repeat(template(TOPOLOGY.name)[None].astype(float), len(TIME), 0)
    canonical[:, TOPOLOGY.lip_centres[1], 1] += mouth
    for eye in TOPOLOGY.eyes:
        canonical[:, eye.brow_peak, 1] -= brows
        upper, lower = eye.centre_lids
        gap = canonical[:, lower, 1] - canonical[:, upper, 1]
        canonical[:, upper, 1] += gap * eyes
    rotation = rotation_from_euler(np.radians(yaw * np.sin(TIME)), 0 * TIME, 0 * TIME)
    found = np.ones(len(TIME), bool)
    return Seen(canonical * 80 + 200, found, canonical.mean(0), rotation, canonical, 2)


def row_of(driver: Seen, result: Seen, **changes: float) -> CrossRow:
    """A row as the evaluation makes it, of what the two faces do."""
    c, g = follow(*(traits(clip.canonical, TOPOLOGY) for clip in (driver, result)))
    row = CrossRow("run", "fused", 1.0, c, g, 0.01, 0.03, 0.02, 0.02, 0.97, 0.8, 0.98, 0.9, 0.4, Run(60, 60, 0, 1.0))
    return replace(row, **changes)  # type: ignore[arg-type]


def parts(driver: Seen, result: Seen, settings: Settings | None = None) -> dict[str, Part]:
    row = row_of(driver, result)
    shut = float((shut_eyes(driver, driver, result, TOPOLOGY) >= 1).mean())
    return {p.name: p for p in parts_of(row, driver, result, shut, asked_of(settings), TOPOLOGY)}


def test_the_verdict_is_that_of_the_weakest_part() -> None:
    mouth, brows = 0.1 + 0.1 * np.sin(TIME), 0.1 * np.cos(2 * TIME)
    good = parts(acted(mouth, brows), acted(mouth, brows))
    assert (good["mouth"].level, good["brows"].level, follows_of(list(good.values()))) == ("follows", "follows", "good")
    faint = parts(acted(mouth, brows), acted(mouth, 0.45 * brows))
    assert (faint["brows"].level, follows_of(list(faint.values()))) == ("weakly", "fair")
    none = parts(acted(mouth, brows), acted(mouth, 0.1 * np.sin(5 * TIME)))
    assert (none["mouth"].level, none["brows"].level) == ("follows", "not")
    assert follows_of(list(none.values())) == "poor"


def test_what_hardly_moves_in_the_motion_clip_does_not_count() -> None:
    noise = np.random.default_rng(0).normal(0, 0.0025, (2, len(TIME)))
    mouth = 0.1 + 0.1 * np.sin(TIME)
    found = parts(acted(mouth, noise[0]), acted(mouth, noise[1]))
    assert (found["brows"].level, found["head"].level) == ("still", "still")
    assert follows_of(list(found.values())) == "good"
    assert follows_of(list(parts(acted(), acted()).values())) == "unknown", "nothing moves"


def test_a_head_that_stays_behind_is_told() -> None:
    assert parts(acted(yaw=10), acted(yaw=9.5))["head"].level == "follows"
    assert parts(acted(yaw=10), acted(yaw=4))["head"].level == "weakly"
    assert parts(acted(yaw=10), acted(yaw=1))["head"].level == "not"


def test_what_was_asked_to_be_weak_or_off_is_no_fault() -> None:
    mouth = 0.1 + 0.1 * np.sin(TIME)
    assert parts(acted(mouth), acted(0.4 * mouth))["mouth"].level == "weakly"
    assert parts(acted(mouth), acted(0.4 * mouth), Settings(mouth=0.4))["mouth"].level == "follows"
    assert parts(acted(mouth), acted(), Settings(mouth=0.0))["mouth"].level == "off"
    assert parts(acted(mouth), acted())["mouth"].level == "not", "nobody asked for a mouth that stays shut"


def test_a_squint_that_stays_is_seen_and_its_frames_are_named() -> None:
    subject, driver = acted(), acted(0.1 + 0.1 * np.sin(TIME))
    squinting = acted(0.1 + 0.1 * np.sin(TIME), eyes=0.6)
    assert parts(driver, squinting)["eyes"].level == "not"
    assert "shut" in {look.reason for look in looks_of(subject, driver, squinting, 25.0, TOPOLOGY)}
    assert not looks_of(subject, driver, driver, 25.0, TOPOLOGY)


def test_eyes_that_shut_with_those_of_the_motion_clip_are_no_fault_whatever_their_size() -> None:
    blink = 0.9 * (np.abs(TIME - 3) < 0.4)
    assert not shut_eyes(acted(), acted(eyes=blink), acted(eyes=blink), TOPOLOGY).any()
    narrow = acted(eyes=0.5 + 0.5 * blink)
    assert not shut_eyes(acted(eyes=0.5), acted(eyes=blink), narrow, TOPOLOGY).any(), "a person with narrow eyes"


def test_one_thing_that_is_wrong_all_the_time_does_not_hide_the_others() -> None:
    opened = 0.15 * (np.abs(TIME - 3) < 0.1)
    driver, result = acted(brows=0.2 * np.sin(9 * TIME)), acted(mouth=opened)
    reasons = {look.reason for look in looks_of(acted(), driver, result, 25.0, TOPOLOGY)}
    assert {"mouth", "brows"} <= reasons


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "good"),
        # The face's shape is nearer the driver's, though by no more than expressions do.
        ({"shape_subject": 0.0257, "shape_driver": 0.0178}, "fair"),
        ({"texture_subject": 0.4, "texture_driver": 0.9}, "poor"),
        ({"csim_subject": 0.81, "csim_driver": 0.97}, "poor"),
        # One trace alone says so: no network, and a shape that tells nothing.
        ({"csim_self": np.nan, "shape_subject": 0.015, "shape_driver": 0.018}, "fair"),
        ({"csim_self": np.nan, "texture_subject": np.nan, "shape_subject": 0.01, "shape_driver": 0.012}, "unknown"),
    ],
)
def test_whose_face_it_is_takes_two_traces_to_say(changes: dict[str, float], verdict: str) -> None:
    assert same_of(likeness_of(row_of(acted(), acted(), **changes))) == verdict


def test_shape_says_nothing_within_what_one_persons_own_expressions_do() -> None:
    near = likeness_of(row_of(acted(), acted(), shape_subject=0.0257, shape_driver=0.0178))
    assert {item.trace: item.side for item in near}["shape"] == "unclear"
    far = likeness_of(row_of(acted(), acted(), shape_subject=0.04, shape_driver=0.01))
    assert {item.trace: item.side for item in far}["shape"] == "driver"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_names_what_is_weak_and_never_calls_a_correlation_exact(language: Language) -> None:
    parts = (Part("mouth", "follows", 0.99, 0.9), Part("eyes", "not", 0.49, 0.39), Part("brows", "still", 0.37, 0.37))
    row = row_of(acted(), acted())
    likeness = likeness_of(row)
    judged = RunNumbers(row, likeness, parts, 0.8, same_of(likeness), follows_of(parts), "good", ())
    _, moving, _ = findings(judged, language)
    assert (moving.verdict, word("part_eyes", language).lower() in moving.answer) == ("poor", True)
    assert [(line.tone, bool(line.numbers)) for line in moving.lines] == [
        ("good", True), ("poor", True), ("plain", False),
    ]  # fmt: skip
    shown = numbers_panel({"fused": judged}, language)
    assert not re.search("exact|完全に一致", shown)
    assert "0.49" in shown and "0.37" not in shown.split("<details>")[0], "noise is no number to read"
    for name in judged.figures():
        assert f'<tr title="{name}">' in shown and f"<td>{name}" not in shown, name
