"""A person as tensors: everything that is drawn, and where a frame of a performance puts it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from tmt.train.heads import paint, solids
from tmt.train.heads.asset import UNIT, Act, Array, Asset
from tmt.train.heads.bones import head_turn, moved
from tmt.train.heads.figure import BINDING, NECK, Figure, eyeball
from tmt.train.heads.grooming import set_back, shaven, thinned, under_hat
from tmt.train.heads.lashes import lashes
from tmt.train.heads.looks import Person
from tmt.train.heads.solids import Solid
from tmt.train.heads.strands import Body, Strands, hair, on_skin

SKIN, MOUTH, EYE, CLOTH, HAT, FRAME, HAIR, FUZZ = range(8)  # materials; FUZZ: brows, beard and lashes
FIT = 0.97  # radius of the eyes against the asset's
EYE_PIXELS = 160
IRIS = np.radians(29.5)  # the rim of the iris, from the eye's axis


@dataclass(frozen=True)
class Posed:
    """One frame, dm: points [N, 3], normal [N, 3] (of hair: out of its mass), along [S, 3] of the strands' points,
    which are the last; lens [M, 3]; marks [478, 3] landmarks; middle [3] between the eyes; chest [3]."""

    points: torch.Tensor
    normal: torch.Tensor
    along: torch.Tensor
    lens: torch.Tensor
    marks: Array
    middle: Array
    chest: Array


class Model:
    """What a person is made of.

    faces [F, 3] int32 into the points, material [F] int64; colour [N, 3], place [N, 2] in the material's texture;
    wires: the first strand's first point.
    """

    def __init__(self, asset: Asset, person: Person, device: torch.device, hairs: int = 4000) -> None:
        """Grow, dress and paint the person."""
        self.figure = figure = Figure(asset, person, FIT)
        set_back(figure)
        self.device, self.person = device, person
        rng = np.random.default_rng([person.seed, 2])
        figure.eyeball, figure.eye_quads = eyeball(26, 32)
        self.units = [name for name in asset.targets if name.startswith(UNIT)]
        self._units = self._tensor(np.stack([asset.displacement({name: 1.0}) for name in self.units]))
        self._faces: list[Array] = []
        self._materials: list[Array] = []
        self._colours: list[Array] = []
        self._places: list[Array] = []
        self._skin()
        still = self._solids(rng)
        self.wires = sum(len(colour) for colour in self._colours)
        self._strands(hairs)
        self._still = self._tensor(np.concatenate([still, *(s.points.reshape(-1, 3) for s in self.strands)]))
        eyes = np.concatenate([centre + radius * figure.eyeball for centre, radius in figure.eyes])
        self._eyes, self._base = self._tensor(eyes), self._tensor(figure.base)
        rest = torch.cat([self._base, self._eyes, self._still])
        share = figure.head_share(rest.numpy(force=True))
        share[len(figure.base) : len(figure.base) + len(eyes)] = 1.0
        self._share = self._tensor(share[:, 0])
        self._lens_share = self._tensor(figure.head_share(self.lens.points)[:, 0])
        self._mass = self._tensor(np.concatenate([s.mass.reshape(-1, 3) for s in self.strands]))
        self._radius = self._tensor(np.concatenate([np.tile(s.radius, len(s.points)) for s in self.strands]))
        self.faces = torch.from_numpy(np.concatenate(self._faces).astype(np.int32)).to(device)
        self.material = torch.from_numpy(np.concatenate(self._materials)).to(device)
        self.colour = self._tensor(np.concatenate(self._colours))
        self.place = self._tensor(np.concatenate(self._places))
        bound = np.load(BINDING)
        self._corners, self._weights = bound["corners"].astype(int), bound["share"]

    def _tensor(self, values: Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _add(self, quads: Array, start: int, material: int, colour: Array, place: Array) -> None:
        """Quads as triangles, their points behind all those that are there; the asset's own points are one block."""
        faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]) + start
        faces = faces[(faces[:, 0] != faces[:, 2]) & (faces[:, 1] != faces[:, 2])]
        self._faces.append(faces)
        self._materials.append(np.full(len(faces), material))
        if len(colour):
            self._colours.append(colour)
            self._places.append(place)

    def _skin(self) -> None:
        """Skin, teeth, tongue and eyes."""
        figure, none = self.figure, np.zeros((0, 3))
        teeth = figure.quads("teeth")
        colour = np.ones_like(figure.base)
        colour[np.unique(teeth)] = figure.tooth_paint(teeth)[np.unique(teeth)] * [1.1, 1.02, 0.9]
        colour[np.unique(figure.quads("tongue"))] = 0.42, 0.13, 0.12
        place = paint.texture(figure.place)
        middle = figure.base[np.unique(teeth), 0].mean()
        place[np.unique(teeth), 0] = ((figure.base[np.unique(teeth), 0] - middle) / 0.32 + 1) / 2
        place[np.unique(figure.quads("tongue")), 0] = 0.5 + 0.5 * 0.04 / 0.32  # the middle of a tooth
        self._add(figure.quads("body"), 0, SKIN, colour, place)
        self._add(figure.quads("teeth", "tongue"), 0, MOUTH, none, none)
        for k in range(2):
            start = len(figure.base) + k * len(figure.eyeball)
            place = (figure.eyeball[:, :2] + 1) / 2
            self._add(figure.eye_quads, start, EYE, np.ones_like(figure.eyeball), place)

    def _solids(self, rng: np.random.Generator) -> Array:
        """What is worn; all its points [N, 3]."""
        figure, person = self.figure, self.person
        parts: list[tuple[int, Solid | None]] = [(CLOTH, solids.garment(figure, rng)), (CLOTH, solids.collar(figure))]
        parts.append((HAT, solids.hat(figure, person.hat) if person.hat else None))
        self.lens = Solid(np.zeros((0, 3)), np.zeros((0, 4), int), np.zeros((0, 3)), np.zeros((0, 2)))
        if person.glasses:
            frame, self.lens = solids.glasses(figure, person.glasses)
            parts.append((FRAME, frame))
        points = []
        for material, part in parts:
            if part is None:
                continue
            start = sum(len(colour) for colour in self._colours)
            self._add(part.quads, start, material, part.colour, part.place / solids.TILE)
            points.append(part.points)
        quads = self.lens.quads
        lens = np.concatenate([quads[:, [0, 1, 2]]]).astype(np.int32)
        self.lens_faces = torch.from_numpy(lens).to(self.device)
        return np.concatenate(points)

    def _strands(self, hairs: int) -> None:
        """Hair, brows, beard and lashes: each strand's points once here, twice when they are drawn."""
        figure, person = self.figure, self.person
        body = Body(figure)
        grown = hair(figure, body, hairs)
        rooted = [
            thinned(shaven(figure, on_skin(figure, body, 90000 if person.beard else 50000)), 4, 0.0042),
            thinned(lashes(figure, 34), 4, 0.0034),
        ]
        self.strands: list[Strands] = [*([] if grown is None else [under_hat(figure, grown)]), *rooted]
        first = self.wires
        for strands in self.strands:
            many, points = strands.points.shape[:2]
            base = (np.arange(many)[:, None] * points + np.arange(points - 1)).ravel()
            quads = np.stack([2 * base, 2 * base + 1, 2 * base + 3, 2 * base + 2], 1)
            shade = np.linspace(0.8, 1.06, points)[:, None]  # roots lie deeper than tips
            colour = np.repeat((strands.colour[:, None] * shade).reshape(-1, 3), 2, 0)
            kind = FUZZ if strands.roots is not None else HAIR
            self._add(quads, first, kind, colour, np.zeros((len(colour), 2)))
            first += len(colour)

    def casting(self, every: int) -> torch.Tensor:
        """Faces that keep light from others: of the hair one in `every` will do, of brows and lashes none."""
        kind = self.material
        some = torch.arange(len(kind), device=kind.device) % every == 0
        return self.faces[(kind < HAIR) | ((kind == HAIR) & some)]

    def posed(self, act: Act, camera: Array, sway: Array) -> Posed:
        """A frame: the performance, the camera's place [3] and the sway of the whole person [3], dm."""
        weights = self._tensor(np.array([act.units.get(name[len(UNIT) :], 0.0) for name in self.units]))
        delta = torch.einsum("u,uvc->vc", weights, self._units)
        eyes = self._turned_eyes(act)
        still = self._still + self._carried(delta)
        points = torch.cat([self._base + delta, eyes, still])
        posed = moved(points, self._share, act) + self._tensor(sway)
        lens = moved(self._tensor(self.lens.points), self._lens_share, act) + self._tensor(sway)
        solid, curve = posed[: self.wires], posed[self.wires :]
        head = self._tensor(head_turn(act))
        along = self._along(curve)
        sight = self._tensor(camera) - curve
        across = torch.nn.functional.normalize(torch.linalg.cross(along, sight), dim=1) * self._radius[:, None]
        ribbon = torch.stack([curve - across, curve + across], 1).reshape(-1, 3)
        mass = (self._mass @ head.T).repeat_interleave(2, 0)
        normal = torch.cat([self._normals(solid), mass])
        marks, middle, chest = self._marks(solid, act, sway)
        return Posed(
            torch.cat([solid, ribbon]), normal, along.repeat_interleave(2, 0), lens, marks, middle, chest
        )  # fmt: skip

    def _carried(self, delta: torch.Tensor) -> torch.Tensor:
        """How far [still points, 3] the skin carries what roots in it."""
        out = torch.zeros_like(self._still)
        at = len(self._still) - sum(s.points.shape[0] * s.points.shape[1] for s in self.strands)
        for strands in self.strands:
            many, points = strands.points.shape[:2]
            if strands.roots is not None:
                corners = torch.from_numpy(strands.roots.corners.astype(np.int64)).to(self.device)
                moved = (delta[corners] * self._tensor(strands.roots.share)[..., None]).sum(1)
                out[at : at + many * points] = moved.repeat_interleave(points, 0)
            at += many * points
        return out

    def _turned_eyes(self, act: Act) -> torch.Tensor:
        turn = self._tensor(head_turn(Act(turn=act.gaze)))
        half = len(self._eyes) // 2
        centres = [self._tensor(centre) for centre, _ in self.figure.eyes]
        both = (self._eyes[:half], centres[0]), (self._eyes[half:], centres[1])
        return torch.cat([(eye - centre) @ turn.T + centre for eye, centre in both])

    def _along(self, curve: torch.Tensor) -> torch.Tensor:
        """Unit directions [S, 3] along the strands."""
        out, at = [], 0
        for strands in self.strands:
            many, points = strands.points.shape[:2]
            part = curve[at : at + many * points].view(many, points, 3)
            step = part[:, 1:] - part[:, :-1]
            step = torch.cat([step[:, :1], (step[:, 1:] + step[:, :-1]) / 2, step[:, -1:]], 1)
            out.append(step.reshape(-1, 3))
            at += many * points
        return torch.nn.functional.normalize(torch.cat(out), dim=1)

    def _normals(self, points: torch.Tensor) -> torch.Tensor:
        """Unit normals of the solid points."""
        if not hasattr(self, "_solid_faces"):
            self._solid_faces = self.faces[self.material < HAIR].long()
        faces = self._solid_faces
        a, b, c = points[faces[:, 0]], points[faces[:, 1]], points[faces[:, 2]]
        cross = torch.linalg.cross(b - a, c - a)
        out = torch.zeros_like(points)
        for k in range(3):
            out.index_add_(0, faces[:, k], cross)
        return torch.nn.functional.normalize(out, dim=1)

    def _marks(self, solid: torch.Tensor, act: Act, sway: Array) -> tuple[Array, Array, Array]:
        """Landmarks [478, 3], middle of the eyes and a point of the chest, dm."""
        skin = solid[: len(self._base)].numpy(force=True).astype(float)
        surface = (skin[self._corners] * self._weights[..., None]).sum(1)
        head, gaze = head_turn(act), head_turn(Act(turn=act.gaze))
        rim = [(0, 0), *((np.cos(a), np.sin(a)) for a in np.radians([0, 90, 180, 270]))]
        irises = []
        for centre, radius in self.figure.eyes:
            out = np.array([(x * np.sin(IRIS), y * np.sin(IRIS), np.cos(IRIS) if x or y else 1) for x, y in rim])
            eye = centre + radius * 1.02 * out @ gaze.T
            irises.append((eye - NECK) @ head.T + NECK + np.array(act.shift) + sway)
        middle = -NECK @ head.T + NECK + np.array(act.shift) + sway
        marks = np.concatenate([surface, irises[1], irises[0]])
        return marks, middle, np.array([0.0, -2.0, -0.2]) + sway

    def neutral_marks(self) -> Array:
        """Landmarks [478, 3] of the face at rest, dm."""
        return self._marks(self._base, Act(), np.zeros(3))[0]
