"""How good a result is, in numbers: pure functions on decoded pictures, landmarks and shapes.

Pictures are uint8 [H, W, 3] RGB as decoded, since a finished video is what is judged. Landmarks [*, L, 3] are picture
px; a frame without a face has NaN landmarks. IOD is the inter-ocular distance, between the outer corners of the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.expression import measure
from tmt.geometry import fit_similarity, rotation_angle, transform
from tmt.topology import Topology
from tmt.types import Array

Box = tuple[slice, slice]
PSNR_CAP = 90.0  # dB: where identical pictures are averaged with others
REFERENCE_STEP = 10  # every tenth frame is tried as the frame against which pose changes are counted
SEEN = -0.7  # log of visibility and facing from which a vertex counts as seen: about a half


@dataclass(frozen=True)
class Closeness:
    """One result frame against the true one.

    psnr dB and ssim inside the face outline; head_psnr in a box around the head; ssim around mouth and around eyes;
    akd: mean distance of the surface landmarks found again, in IOD (NaN without a face); sharpness: result / truth.
    """

    face_psnr: float
    head_psnr: float
    face_ssim: float
    mouth_ssim: float
    eyes_ssim: float
    akd: float
    sharpness: float


@dataclass(frozen=True)
class Traits:
    """One number for each readable part of an expression."""

    mouth: float
    width: float
    eye_r: float
    eye_l: float
    brow: float
    gaze: float


def psnr(truth: Array, result: Array, mask: Array | None = None) -> float:
    """Peak signal-to-noise ratio, dB, of two pictures where `mask` [H, W] bool is set; identical ones give inf."""
    difference = truth.astype(np.float64) - result
    error = float((difference**2)[mask if mask is not None else ...].mean()) / 255**2
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim_map(truth: Array, result: Array) -> Array:
    """Structural similarity [H, W] (Wang et al. 2004: Gaussian window 11 px, sigma 1.5), mean of the channels."""
    a, b = truth.astype(np.float32) / 255, result.astype(np.float32) / 255
    kernel = cv2.getGaussianKernel(11, 1.5)

    def blur(image: Array) -> Array:
        return cv2.sepFilter2D(image, -1, kernel, kernel)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    structure = (2 * covariance + 9e-4) / (var_a + var_b + 9e-4)
    similarity: Array = (light * structure).mean(-1)
    return similarity


def sharpness(image: Array, mask: Array) -> float:
    """Variance of the Laplacian well inside `mask` [H, W] bool; NaN where nothing is left of the mask."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inner].var()) if inner.any() else float("nan")


def iod(landmarks: Array, topology: Topology) -> Array:
    """Inter-ocular distance [*] px of landmarks [*, L, 3]."""
    right, left = (eye.corners[0] for eye in topology.eyes)
    distance: Array = np.linalg.norm(landmarks[..., right, :] - landmarks[..., left, :], axis=-1)
    return distance


def face_mask(shape: tuple[int, ...], landmarks: Array, topology: Topology) -> Array:
    """[H, W] bool, true inside the convex outline of the face; landmarks [L, 3] px."""
    mask = np.zeros(shape[:2], np.uint8)
    outline = np.round(landmarks[list(topology.oval), :2]).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(outline), (1.0,))
    return mask > 0


def box_around(points: Array, margin: float | Array, shape: tuple[int, ...]) -> Box:
    """Slices (rows, columns) of the box around points [N, 2+] px, grown by `margin` px, inside a picture's shape."""
    limit = np.array([shape[1], shape[0]])
    low = np.clip(points[:, :2].min(0) - margin, 0, limit - 1).astype(int)
    high = np.clip((points[:, :2].max(0) + margin).astype(int), low + 1, limit)
    return slice(low[1], high[1]), slice(low[0], high[0])


def closeness(truth: Array, result: Array, true_face: Array, found_face: Array, topology: Topology) -> Closeness:
    """Compare two pictures of one size; true_face, found_face [L, 3]: landmarks in truth and result (NaN: none)."""
    size = float(iod(true_face, topology))
    head = box_around(true_face, 0.9 * size, truth.shape)
    mask = face_mask(truth.shape, true_face, topology)[head]
    eyes = [i for eye in topology.eyes for i in (*eye.corners, *eye.centre_lids, eye.brow_peak)]
    surface = slice(topology.surface)
    return Closeness(
        face_psnr=min(psnr(truth[head], result[head], mask), PSNR_CAP),
        head_psnr=min(psnr(truth[head], result[head]), PSNR_CAP),
        face_ssim=float(ssim_map(truth[head], result[head])[mask].mean()),
        mouth_ssim=_region_ssim(truth, result, true_face[list(topology.mouth)]),
        eyes_ssim=_region_ssim(truth, result, true_face[eyes]),
        akd=landmark_distance(true_face[surface], found_face[surface], size),
        sharpness=sharpness(result[head], mask) / max(sharpness(truth[head], mask), 1e-6),
    )


def _region_ssim(truth: Array, result: Array, points: Array) -> float:
    """Mean SSIM in the box around points [N, 3] px, grown by half its size."""
    box = box_around(points, np.ptp(points[:, :2], axis=0) / 4 + 8, truth.shape)
    return float(ssim_map(truth[box], result[box]).mean())


def landmark_distance(a: Array, b: Array, unit: float) -> float:
    """Mean distance in the picture of landmarks [N, 2+] px, in `unit` px."""
    return float(np.linalg.norm(a[:, :2] - b[:, :2], axis=1).mean()) / unit


def depth_error(truth: Array, found: Array, part: Array) -> float:
    """Mean error of a depth map in the unit of the true one, both [h, w], where `part` [h, w] bool is set and `found`
    is no NaN. Its scale and its offset are fitted first: without a camera no method can know them. NaN without pixels.
    """
    part = part & ~np.isnan(found)
    if np.count_nonzero(part) < 2:
        return float("nan")
    wanted, got = truth[part].astype(np.float64), found[part].astype(np.float64)
    columns = np.stack([got, np.ones_like(got)], 1)
    fit = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return float(np.abs(columns @ fit - wanted).mean())


def pose_change_error(driver: Array, result: Array) -> float:
    """Degrees by which the result's turns [T, 3, 3] differ from the driver's, both counted from one reference frame.

    The best reference counts: one frame's own error would otherwise be added to all others.
    """
    errors = []
    for k in range(0, len(driver), REFERENCE_STEP):
        turns = [np.einsum("tij,kj->tik", rotations, rotations[k]) for rotations in (result, driver)]
        errors.append(float(np.degrees(rotation_angle(turns[0], turns[1])).mean()))
    return min(errors, default=float("nan"))


def traits(canonical: Array, topology: Topology) -> Array:
    """canonical [T, L, 3] -> the numbers of Traits in their order [T, 6]; distances in IOD or eye widths."""
    now = measure(canonical, topology)
    brow = (now.right_brow + now.left_brow) / 2
    return np.stack([now.mouth_open, now.mouth_width, now.right_eye, now.left_eye, brow, now.gaze], 1)


def follow(driver: Array, result: Array) -> tuple[Traits, Traits]:
    """How a result follows its driver, `traits` [T, 6] of each: correlation, and gain (slope of result over driver)."""
    columns = list(zip(driver.T, result.T, strict=True))
    return Traits(*(correlation(x, y) for x, y in columns)), Traits(*(gain(x, y) for x, y in columns))


def correlation(x: Array, y: Array) -> float:
    """Pearson's coefficient of two series [T]; NaN where one of them stands still."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def gain(x: Array, y: Array) -> float:
    """Slope of y over x, both [T]; NaN where x stands still."""
    return float(np.polyfit(x, y, 1)[0]) if len(x) > 1 and np.ptp(x) > 0 else float("nan")


def shape_distance(a: Array, b: Array, topology: Topology) -> float:
    """Mean distance across and down of two mean faces [L, 3] in units of `b`, after the best similarity."""
    first, second = a[: topology.surface], b[: topology.surface]
    moved = transform(fit_similarity(first, second, np.ones(len(first))), first)
    return float(np.linalg.norm((moved - second)[:, :2], axis=1).mean())


def jitter(landmarks: Array, topology: Topology) -> float:
    """Mean second difference of the surface landmarks [T, L, 3] px over time, in IOD; NaN below three frames."""
    if len(landmarks) < 3:
        return float("nan")
    second = np.diff(landmarks[:, : topology.surface, :2], 2, axis=0)
    return float(np.linalg.norm(second, axis=-1).mean() / iod(landmarks, topology).mean())


def cosine_similarity(a: list[Array], b: list[Array]) -> float:
    """Mean cosine of all pairs of embeddings [D]; NaN where a side has none."""
    pairs = [float(x @ y / np.linalg.norm(x) / np.linalg.norm(y)) for x in a for y in b]
    return float(np.mean(pairs)) if pairs else float("nan")


def coverage(quality: Array, part: Array, least: float = SEEN) -> float:
    """Share of the vertices in `part` [V] bool that some bank frame sees; quality [K, V] log of visibility * facing."""
    return float((quality.max(0) > least)[part].mean()) if part.any() else float("nan")
