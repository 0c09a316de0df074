"""Random people: who they are, drawn from ranges that real people fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tmt.train.heads import act
from tmt.train.heads.asset import Array, Triple
from tmt.train.heads.looks import IRIS, Glasses, Hair, Hat, Makeup, Person, Skin, Wear

ETHNICITIES = ("african", "asian", "caucasian")
# Tones from the darkest to the lightest skin, linear RGB
TONES = np.array(
    [(0.055, 0.026, 0.017), (0.11, 0.053, 0.032), (0.2, 0.1, 0.06), (0.32, 0.175, 0.105), (0.45, 0.26, 0.165),
     (0.56, 0.345, 0.235), (0.65, 0.42, 0.31), (0.72, 0.49, 0.39)]
)  # fmt: skip
BRIGHTNESS = {"african": (0.0, 3.2), "asian": (3.2, 6.2), "caucasian": (4.0, 7.0)}  # places in TONES
HAIR = {
    "black": (0.012, 0.01, 0.009), "dark": (0.026, 0.016, 0.011), "brown": (0.065, 0.034, 0.018),
    "light": (0.16, 0.095, 0.05), "blond": (0.36, 0.24, 0.12), "pale": (0.52, 0.4, 0.25), "red": (0.25, 0.08, 0.025),
    "auburn": (0.12, 0.035, 0.018), "dyed": (0.25, 0.05, 0.2), "blue": (0.03, 0.09, 0.3),
}  # fmt: skip
COMMON = ("black", "dark", "dark", "brown", "brown", "light", "blond", "blond", "pale", "red", "auburn")
RARE = ("dyed", "blue")
SHAPES = ("oval", "round", "square", "rectangular", "diamond", "triangular", "invertedtriangular")
# Families of targets and the deviation of their weights
DETAIL = {
    "nose/": 0.4, "mouth/mouth-": 0.3, "eyes/": 0.3, "ears/": 0.4, "chin/": 0.4, "cheek/": 0.4, "forehead/": 0.4,
    "eyebrows/": 0.4, "neck/neck-scale": 0.35, "neck/neck-double": 0.3, "head/head-scale": 0.3, "head/head-fat": 0.5,
    "head/head-back": 0.3,
}  # fmt: skip
UNFIT = ("eye-push", "mouth-trans-in", "mouth-trans-out", "nose-trans-in", "nose-trans-out", "ear-trans", "pointed")
SHARE = 0.45  # of a family's targets that a person has


def random_person(names: list[str], seed: int) -> Person:
    """Somebody, from the asset's target names and a seed."""
    rng = np.random.default_rng([seed, 1])
    blood = rng.dirichlet([0.3, 0.3, 0.36])
    male, old = float(rng.beta(0.25, 0.25)), float(np.clip(rng.beta(0.7, 1.2), 0, 1))
    tone = sum(b * rng.uniform(*BRIGHTNESS[e]) for b, e in zip(blood, ETHNICITIES, strict=True))
    skin = _skin(tone, male, old, rng)
    hair = _hair(blood, male, old, rng)
    hat = _hat(rng) if rng.random() < 0.1 else None
    if hat and hair.style in ("short", "curly"):  # pressed down
        hair = replace(hair, style="short", length=min(hair.length, 0.14), stand=0.02)
    beard = float(0.05 + 0.3 * rng.random() ** 2.2) if male > 0.6 and rng.random() < 0.35 else 0.0
    brows = _mix(hair.colour, (0.015, 0.011, 0.009), 0.45)
    if hair.grey > 0.4:
        brows = _mix(brows, (0.2, 0.19, 0.18), hair.grey * 0.6)
    painted = male < 0.4 and rng.random() < 0.6
    makeup = Makeup(_colour(rng, 0.25), float(rng.uniform(0.2, 0.7)), float(rng.uniform(0, 1))) if painted else Makeup()
    dark_eyes = rng.random() < blood[0] + blood[1] + 0.25 * blood[2]
    iris = IRIS[str(rng.choice(["dark", "brown"]) if dark_eyes else rng.choice(["hazel", "green", "blue", "grey"]))]
    return Person(
        shape=_shape(names, blood, male, old, rng), skin=skin, hair=hair, wear=_wear(rng), iris=iris, brows=brows,
        brow_fullness=float(rng.uniform(0.6, 1.0) + 0.4 * male), beard=beard, brow_paint=float(rng.uniform(0.3, 0.9)),
        lashes=float(rng.uniform(0.7, 0.95) + (0.25 if painted else 0.0)), seed=seed, makeup=makeup,
        glasses=_glasses(rng) if rng.random() < 0.28 else None, hat=hat,
        calm=_calm(rng), brow_tilt=float(rng.uniform(-0.02, 0.2)),
    )  # fmt: skip


def _shape(names: list[str], blood: Array, male: float, old: float, rng: np.random.Generator) -> Mapping[str, float]:
    """Weights of macro targets, then of a random part of the details, alike left and right but for the asymmetries."""
    out: dict[str, float] = {}
    for share, ethnicity in zip(blood, ETHNICITIES, strict=True):
        for sex, s in (("male", male), ("female", 1 - male)):
            for age, a in (("old", old), ("young", 1 - old)):
                out[f"macrodetails/{ethnicity}-{sex}-{age}"] = share * s * a
    weight = rng.uniform(-0.8, 0.8)
    kind = "maxweight" if weight > 0 else "minweight"
    for sex, s in (("male", male), ("female", 1 - male)):
        out[f"macrodetails/universal-{sex}-young-averagemuscle-{kind}"] = abs(weight) * s
    out[f"head/head-{rng.choice(SHAPES)}"] = float(rng.uniform(0.1, 0.45))
    known = set(names)
    for name in names:
        spread = next((size for family, size in DETAIL.items() if name.startswith(family)), 0.0)
        mirrored = name.replace("/r-", "/l-")
        if not spread or any(word in name for word in UNFIT):
            continue
        if mirrored != name and mirrored in known:
            out[name] = out.get(mirrored, 0.0)
        elif rng.random() < SHARE / 2 and not any(other in out for other in _opposites(name)):
            out[name] = float(min(abs(rng.normal(0, spread)), 0.8))
    for name in rng.choice([name for name in names if name.startswith("asym/")], 8, replace=False):
        out[str(name)] = float(rng.uniform(0, 0.35))
    return out


def _opposites(name: str) -> list[str]:
    pairs = (("-incr", "-decr"), ("-up", "-down"), ("-in", "-out"), ("-concave", "-convex"), ("-forward", "-backward"))
    return [name[: -len(a)] + b for x, y in pairs for a, b in ((x, y), (y, x)) if name.endswith(a)]


def _calm(rng: np.random.Generator) -> Mapping[str, float]:
    """How a face rests: lids that hang or are narrow, raised brows, a touch of a smile."""
    hang, narrow, raised = rng.uniform(0, 0.12), rng.uniform(-0.25, 0.2), rng.uniform(0, 0.55)
    out = act.sides(hang, "eye-{}-closure") | act.sides(narrow, "eye-{}-slit") | act.brows(raised)
    return out | {"mouth-corner-puller": float(rng.uniform(-0.05, 0.3))}


def _skin(tone: float, male: float, old: float, rng: np.random.Generator) -> Skin:
    base = np.array([np.interp(tone, np.arange(len(TONES)), TONES[:, c]) for c in range(3)])
    base = base * np.exp(rng.normal(0, [0.04, 0.05, 0.08]))
    light = float(np.clip(tone / 7, 0, 1))
    lips = base * np.array([0.8, 0.52, 0.56]) if light > 0.4 else base * np.array([0.95, 0.75, 0.85])
    lips = lips + 0.35 * male * (base * [0.9, 0.72, 0.72] - lips)
    if male < 0.4 and rng.random() < 0.5:  # lipstick
        stick = np.array([rng.uniform(0.2, 0.6), rng.uniform(0.01, 0.12), rng.uniform(0.02, 0.18)])
        lips = lips + rng.uniform(0.4, 0.95) * (stick * (0.4 + 0.6 * light) - lips)
    return Skin(
        (float(base[0]), float(base[1]), float(base[2])), (float(lips[0]), float(lips[1]), float(lips[2])),
        blush=float(rng.uniform(0.2, 1.1)), freckles=float(rng.uniform(0.3, 1)) if rng.random() < 0.25 * light else 0.0,
        stubble=float(rng.uniform(0.2, 1.0)) if male > 0.6 and rng.random() < 0.7 else 0.0,
        lines=float(np.clip(old * 1.2 + rng.normal(0, 0.15), 0, 1.1)), shine=float(rng.uniform(0.1, 1.0)),
    )  # fmt: skip


def _hair(blood: Array, male: float, old: float, rng: np.random.Generator) -> Hair:
    fair = rng.random() < blood[2]
    colour = HAIR[str(rng.choice(COMMON) if fair else rng.choice(["black", "black", "dark"]))]
    if rng.random() < 0.04:
        colour = HAIR[str(rng.choice(RARE))]
    shade = float(np.exp(rng.normal(0, 0.2)))
    grey = float(np.clip((old - 0.45) * 1.8 + rng.normal(0, 0.2), 0, 1)) if old > 0.4 else 0.0
    styles = ["short"] * 5 + ["crop", "crop", "bald", "curly", "long"] if male > 0.5 else [
        "long", "long", "bob", "bob", "tied", "tied", "short", "curly"]  # fmt: skip
    style = str(rng.choice(styles))
    length = {"short": rng.uniform(0.16, 0.5), "crop": rng.uniform(0.05, 0.16), "curly": rng.uniform(0.2, 0.6)}
    wave = float(rng.choice([0, 0, 0.02, 0.04])) * rng.uniform(0.5, 1)
    curl = rng.uniform(0.018, 0.032) if style == "curly" else wave
    return Hair(
        "short" if style == "crop" else style, (colour[0] * shade, colour[1] * shade, colour[2] * shade), grey=grey,
        end=float(rng.uniform(-1.1, -0.65) if style == "bob" else rng.uniform(-2.3, -1.4)),
        length=float(length.get(style, 0.4)), part=float(rng.choice([-1, 1]) * rng.uniform(0.03, 0.32)),
        fringe=bool(style in ("bob", "long") and rng.random() < 0.35), curl=float(curl),
        recede=float(max(0.0, rng.normal(0.2, 0.4))) * male, stand=float(rng.uniform(0.03, 0.3)),
    )  # fmt: skip


def _wear(rng: np.random.Generator) -> Wear:
    kind = str(rng.choice(["crew", "crew", "v", "collar", "collar", "jacket", "hood", "turtle"]))
    height = {"crew": rng.uniform(-1.75, -1.6), "v": rng.uniform(-1.75, -1.62), "turtle": rng.uniform(-1.38, -1.26)}
    return Wear(
        _colour(rng, 0.5), height=float(height.get(kind, -1.64)), slope=float(rng.uniform(0.4, 0.6)),
        knit=float(rng.uniform(0, 1)), kind=kind, second=_colour(rng, 0.9),
        pattern=str(rng.choice(["plain", "plain", "plain", "stripes", "bands", "checks"])),
    )  # fmt: skip


def _glasses(rng: np.random.Generator) -> Glasses:
    dark = rng.random() < 0.6
    colour = (0.012, 0.011, 0.01) if dark else _colour(rng, 0.3)
    thin = rng.random() < 0.5
    return Glasses(
        float(rng.uniform(0.2, 0.27)), float(rng.uniform(0.13, 0.21)), float(rng.choice([2.0, 2.6, 3.5, 5.0])),
        float(rng.uniform(0.008, 0.014) if thin else rng.uniform(0.018, 0.032)), colour,
        tint=float(rng.uniform(0.3, 0.75)) if rng.random() < 0.12 else float(rng.uniform(0, 0.08)),
        shade=_colour(rng, 0.1), gloss=float(rng.uniform(0, 0.5)),
    )  # fmt: skip


def _hat(rng: np.random.Generator) -> Hat:
    return Hat(str(rng.choice(["beanie", "cap"])), _colour(rng, 0.4), _colour(rng, 0.4), float(rng.uniform(0.42, 0.6)))


def _colour(rng: np.random.Generator, brightest: float) -> Triple:
    """A colour of cloth, linear; grey ones are common."""
    hue, grey = rng.dirichlet([0.7, 0.7, 0.7]) * 3, rng.random() ** 0.7
    value = brightest * rng.random() ** 1.8 + 0.008
    out = np.clip(value * (grey + (1 - grey) * hue), 0.004, 0.85)
    return float(out[0]), float(out[1]), float(out[2])


def _mix(a: Triple, b: Triple, share: float) -> Triple:
    out = np.array(a) + share * (np.array(b) - np.array(a))
    return float(out[0]), float(out[1]), float(out[2])
