"""Which landmark is which: the data beside a tracker's backend. Right and left are the person's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

Indices = tuple[int, ...]


@dataclass(frozen=True)
class Eye:
    """One eye: the lid ring, corners (outer, inner), (upper, lower) lid pairs, the iris (centre first), the brow."""

    ring: Indices
    corners: tuple[int, int]
    lids: tuple[tuple[int, int], ...]
    iris: Indices
    brow: Indices
    centre_lids: tuple[int, int]
    brow_peak: int


@dataclass(frozen=True)
class Topology:
    """Landmark indices that the stages need, by meaning. `surface` landmarks lie on the skin (irises come after)."""

    name: str
    count: int
    surface: int
    stable: Indices  # points that expressions hardly move: forehead, nose, cheekbones, temples
    upper_lip: Indices
    lower_lip: Indices
    lip_pairs: tuple[tuple[int, int], ...]  # inner lips, upper against lower
    lip_corners: Indices
    mouth_corners: tuple[int, int]
    inner_corners: tuple[int, int]
    lip_centres: tuple[int, int]
    right_eye: Eye
    left_eye: Eye
    oval: Indices
    chin: int
    chin_edge: Indices  # the outline below the mouth, from the right
    forehead: int
    cheeks: tuple[int, int]
    cheek_ring: Indices  # points at the side of the face, for its depth
    nose_root: int
    nose_tip: int
    nose_base: Indices  # around the tip and both nostrils
    symmetric: tuple[tuple[int, int], ...]  # right-left pairs that fix which way is across

    @cached_property
    def mouth(self) -> Indices:
        """All lip landmarks."""
        return self.upper_lip + self.lower_lip + self.lip_corners

    @cached_property
    def inner_lips(self) -> Indices:
        """The ring of the inner lips, from the right corner along the upper lip."""
        upper, lower = zip(*self.lip_pairs, strict=True)
        return (self.inner_corners[0], *upper, self.inner_corners[1], *lower[::-1])

    @cached_property
    def eyes(self) -> tuple[Eye, Eye]:
        """Right eye, left eye."""
        return self.right_eye, self.left_eye

    @cached_property
    def lid_pairs(self) -> tuple[tuple[int, int], ...]:
        """(upper, lower) lid pairs of both eyes."""
        return self.right_eye.lids + self.left_eye.lids


def _pairs(upper: Indices, lower: Indices) -> tuple[tuple[int, int], ...]:
    return tuple(zip(upper, lower, strict=True))


_UPPER_INNER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
_LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)

MEDIAPIPE_478 = Topology(
    name="mediapipe-478",
    count=478,
    surface=468,
    stable=(10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1)
    + (127, 162, 21, 54, 103, 67, 109, 234, 93, 116, 50, 143, 33, 133)
    + (356, 389, 251, 284, 332, 297, 338, 454, 323, 345, 280, 372, 263, 362, 117, 346),
    upper_lip=_UPPER_INNER
    + (183, 42, 41, 38, 12, 268, 271, 272, 407)
    + (184, 74, 73, 72, 11, 302, 303, 304, 408)
    + (185, 40, 39, 37, 0, 267, 269, 270, 409),
    lower_lip=_LOWER_INNER
    + (96, 89, 179, 86, 15, 316, 403, 319, 325)
    + (77, 90, 180, 85, 16, 315, 404, 320, 307)
    + (146, 91, 181, 84, 17, 314, 405, 321, 375),
    lip_pairs=_pairs(_UPPER_INNER, _LOWER_INNER),
    lip_corners=(78, 62, 76, 61, 308, 292, 306, 291),
    mouth_corners=(61, 291),
    inner_corners=(78, 308),
    lip_centres=(13, 14),
    right_eye=Eye(
        ring=(33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
        corners=(33, 133),
        lids=_pairs((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
        iris=(468, 469, 470, 471, 472),
        brow=(70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
        centre_lids=(159, 145),
        brow_peak=105,
    ),
    left_eye=Eye(
        ring=(263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
        corners=(263, 362),
        lids=_pairs((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
        iris=(473, 474, 475, 476, 477),
        brow=(300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
        centre_lids=(386, 374),
        brow_peak=334,
    ),
    oval=(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
    + (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    chin=152,
    chin_edge=(136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365),
    forehead=10,
    cheeks=(234, 454),
    cheek_ring=(127, 234, 356, 454),
    nose_root=168,
    nose_tip=4,
    nose_base=(4, 115, 219, 235, 240, 99, 2, 328, 460, 455, 439, 344),
    symmetric=((33, 263), (133, 362), (234, 454), (127, 356), (61, 291), (105, 334), (54, 284), (103, 332), (50, 280)),
)
