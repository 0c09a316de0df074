"""What every test may use: the rendered clips and pictures of tests/data, real clips where they are, consent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before torch is imported: busy-waiting OpenMP threads slow tests down several times on shared cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.pop("TMT_CHECKPOINT", None)  # what is tested is what ships, whatever the tester uses

from tmt.credentials import FOLDER
from tmt.types import Consent

TESTS = Path(__file__).resolve().parent
DATA = TESTS / "data"
SHARED = TESTS.parent.parent / "shared"


@pytest.fixture(scope="session", autouse=True)
def _own_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Results are signed with a key of the tests' own, not with the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(tmp_path_factory.mktemp("keys")))
        yield


@pytest.fixture(scope="session")
def subject_clip() -> Path:
    """48 frames of a synthetic woman, 256x256, 25 fps, with a hum: turns, opens the mouth, blinks, looks aside."""
    return DATA / "subject.mp4"


@pytest.fixture(scope="session")
def driving_clip() -> Path:
    """40 frames of a synthetic man, 256x256, 25 fps, with a tone and a click at 0.8 s: speaks, sways, blinks."""
    return DATA / "driving.mp4"


@pytest.fixture(scope="session")
def still_picture() -> Path:
    """The subject, frontal and at rest, 384x384."""
    return DATA / "still.png"


@pytest.fixture(scope="session")
def no_face_picture() -> Path:
    """A mottled ball, 256x256."""
    return DATA / "no_face.png"


@pytest.fixture(scope="session")
def two_faces_picture() -> Path:
    """The subject (left, larger) and the driver (right, smaller) in one picture, 384x256."""
    return DATA / "two_faces.png"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips beside the repository; what needs it is skipped where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("needs the real clips of ../shared, which are not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def consent() -> Consent:
    """All three statements affirmed: the people in tests/data do not exist."""
    return Consent(subject=True, driving=True, purpose=True)
