"""The people of the examples: how each of them looks."""

from __future__ import annotations

from tmt.train.heads.looks import IRIS, Hair, Person, Skin, Wear

DAY, DUSK = (0.75, 0.8, 0.85), (0.9, 0.72, 0.55)  # light through the window
SUBJECTS = {
    "subject_1": Person(
        shape={"macrodetails/caucasian-female-young": 1.0, "head/head-oval": 0.4, "nose/nose-scale-vert-decr": 0.25,
               "mouth/mouth-upperlip-volume-incr": 0.25, "mouth/mouth-lowerlip-volume-incr": 0.25,
               "asym/asym-brown-1-r": 0.3, "asym/asym-nose-2-l": 0.2},
        skin=Skin((0.58, 0.32, 0.225), (0.47, 0.13, 0.12), blush=0.8, freckles=0.7, shine=0.45),
        hair=Hair("long", (0.17, 0.07, 0.028), end=-1.95, part=0.12, curl=0.035),
        wear=Wear((0.08, 0.16, 0.15)), iris=IRIS["green"], brows=(0.12, 0.06, 0.028), seed=11,
    ),
    "subject_2": Person(
        shape={"macrodetails/african-male-young": 0.55, "macrodetails/african-male-old": 0.45, "head/head-square": 0.4,
               "chin/chin-width-incr": 0.3, "head/head-fat-incr": 0.15, "asym/asym-mouth-2-r": 0.25},
        skin=Skin((0.165, 0.078, 0.045), (0.2, 0.075, 0.065), blush=0.35, stubble=0.35, lines=0.35, shine=0.75),
        hair=Hair("bald", (0.02, 0.016, 0.014), grey=0.18), wear=Wear((0.5, 0.48, 0.43), height=-1.7, knit=0.8),
        iris=IRIS["dark"], brows=(0.014, 0.011, 0.01), brow_fullness=1.2, beard=0.14, lashes=0.8,
        room=((0.42, 0.4, 0.36), (0.16, 0.11, 0.08), DUSK), light=-1.0, seed=22,
    ),
    "subject_3": Person(
        shape={"macrodetails/asian-female-young": 1.0, "head/head-round": 0.35, "mouth/mouth-scale-horiz-decr": 0.15,
               "asym/asym-eye-1-l": 0.2},
        skin=Skin((0.62, 0.385, 0.275), (0.5, 0.17, 0.16), blush=0.6, shine=0.4),
        hair=Hair("bob", (0.02, 0.014, 0.012), end=-0.88, part=0.0, fringe=True),
        wear=Wear((0.42, 0.16, 0.13), height=-1.78, slope=0.6, knit=0.3), iris=IRIS["dark"], brows=(0.03, 0.02, 0.016),
        brow_fullness=0.8, room=((0.55, 0.53, 0.5), (0.3, 0.24, 0.17), DAY), light=1.0, seed=33,
    ),
    "subject_4": Person(
        shape={"macrodetails/caucasian-male-old": 1.0, "head/head-rectangular": 0.4, "nose/nose-hump-incr": 0.4,
               "head/head-age-incr": 0.4, "asym/asym-nose-1-l": 0.3, "asym/asym-brown-2-l": 0.3},
        skin=Skin((0.55, 0.3, 0.22), (0.4, 0.16, 0.14), blush=1.0, freckles=0.25, stubble=0.55, lines=1.0, shine=0.5),
        hair=Hair("short", (0.12, 0.1, 0.085), grey=0.65, length=0.34, part=-0.25, recede=0.8),
        wear=Wear((0.05, 0.07, 0.14), height=-1.66), iris=IRIS["blue"], brows=(0.16, 0.13, 0.11), brow_fullness=1.2,
        lashes=0.7, room=((0.36, 0.4, 0.42), (0.12, 0.13, 0.14), DAY), light=-1.0, seed=44,
    ),
}  # fmt: skip
PERFORMERS = {
    "performer_1": Person(
        shape={"macrodetails/caucasian-male-young": 0.7, "macrodetails/asian-male-young": 0.3, "head/head-oval": 0.3,
               "chin/chin-prominent-incr": 0.3, "asym/asym-jaw-1-l": 0.3},
        skin=Skin((0.47, 0.255, 0.165), (0.36, 0.13, 0.11), blush=0.6, stubble=0.9, lines=0.15, shine=0.6),
        hair=Hair("short", (0.032, 0.018, 0.011), length=0.5, part=0.3), wear=Wear((0.16, 0.18, 0.2), height=-1.68),
        iris=IRIS["brown"], brows=(0.03, 0.018, 0.012), brow_fullness=1.3, lashes=0.85,
        room=((0.5, 0.46, 0.4), (0.22, 0.15, 0.1), DUSK), light=1.0, seed=55,
    ),
    "performer_2": Person(
        shape={"macrodetails/asian-female-old": 0.75, "macrodetails/asian-female-young": 0.25, "head/head-round": 0.3,
               "asym/asym-cheek-1-l": 0.3},
        skin=Skin((0.56, 0.34, 0.24), (0.42, 0.15, 0.14), blush=0.6, freckles=0.35, lines=0.8, shine=0.4),
        hair=Hair("bob", (0.05, 0.042, 0.038), grey=0.55, end=-0.72, part=-0.2, curl=0.02),
        wear=Wear((0.24, 0.2, 0.34), height=-1.66), iris=IRIS["dark"], brows=(0.06, 0.045, 0.04), brow_fullness=0.7,
        lashes=0.7, room=((0.52, 0.5, 0.46), (0.16, 0.2, 0.14), DAY), light=-1.0, seed=66,
    ),
    "performer_3": Person(
        shape={"macrodetails/african-female-young": 0.9, "macrodetails/caucasian-female-young": 0.1,
               "head/head-oval": 0.4, "mouth/mouth-upperlip-volume-incr": 0.3, "asym/asym-brown-2-r": 0.3},
        skin=Skin((0.26, 0.128, 0.075), (0.3, 0.095, 0.09), blush=0.4, freckles=0.3, shine=0.7),
        hair=Hair("curly", (0.022, 0.014, 0.011), length=0.46, curl=0.028),
        wear=Wear((0.55, 0.3, 0.06), height=-1.8, slope=0.62),
        iris=IRIS["brown"], brows=(0.02, 0.013, 0.01), brow_fullness=0.9,
        room=((0.36, 0.42, 0.4), (0.12, 0.16, 0.12), DAY), light=1.0, seed=77,
    ),
    "performer_4": Person(
        shape={"macrodetails/caucasian-male-young": 0.6, "macrodetails/caucasian-male-old": 0.4,
               "head/head-diamond": 0.4, "nose/nose-scale-vert-incr": 0.3, "asym/asym-mouth-1-r": 0.3},
        skin=Skin((0.6, 0.34, 0.25), (0.44, 0.16, 0.14), blush=0.9, freckles=0.9, lines=0.35, shine=0.5),
        hair=Hair("short", (0.3, 0.11, 0.03), length=0.4, part=-0.3, recede=0.3),
        wear=Wear((0.07, 0.13, 0.07), height=-1.66),
        iris=IRIS["hazel"], brows=(0.24, 0.1, 0.035), brow_fullness=1.0, beard=0.1, lashes=0.8,
        room=((0.48, 0.5, 0.52), (0.2, 0.2, 0.22), DAY), light=-1.0, seed=88,
    ),
}  # fmt: skip
