"""Reading: any clip a user may bring gives upright frames in true colours at a constant rate, or one clear line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_files import EXACT, chart, clap, counter, level, make, patch_error
from PIL import Image

from tmt import ffmpeg
from tmt.probe import choose_rate
from tmt.video import probe, read_frames, save_png


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", EXACT),
        ("a.mov", ("-c:v", "prores_ks")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        ("b.webm", ("-c:v", "libvpx-vp9", "-c:a", "libopus")),
        ("a.mkv", ("-c:v", "ffv1")),
        ("a.avi", ("-c:v", "mpeg4", "-q:v", "2", "-c:a", "pcm_s16le")),
        ("a.mpg", ("-c:v", "mpeg2video", "-q:v", "2")),
    ],
)
def test_every_usual_format_gives_each_frame_once_and_in_order(
    tmp_path: Path, name: str, codec: tuple[str, ...]
) -> None:
    path = counter(tmp_path / name, "25", 2, sound=True, more=codec)
    info, frames = probe(path), list(read_frames(path))
    assert (info.width, info.height, info.fps, info.has_audio, info.is_still) == (64, 48, 25, True, False)
    assert info.frames == len(frames) == 50 and info.seconds == pytest.approx(2, abs=0.02)
    assert all(abs(level(frame) - index) <= 2 for index, frame in enumerate(frames))
    assert frames[0].shape == (48, 64, 3) and frames[0].dtype == np.uint8


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_animations_play_at_their_own_rate(tmp_path: Path, name: str) -> None:
    pictures = [Image.new("RGB", (64, 48), (5 * n, 5 * n, 5 * n)) for n in range(12)]
    pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=[40] * 11 + [120])
    info, frames = probe(tmp_path / name), list(read_frames(tmp_path / name))
    assert (info.fps, info.frames, info.is_still) == (25, 14, False)
    seen = [int(frame[0, 0, 0]) for frame in frames]
    assert all(abs(value - 5 * n) <= 4 for value, n in zip(seen, [*range(12), 11, 11], strict=True))


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        ("24000/1001", Fraction(24000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("30", 30),
        ("240", 60),
        ("29.5", Fraction(59, 2)),
    ],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_rates_are_exact_fractions(tmp_path: Path, name: str, rate: str, wanted: Fraction) -> None:
    assert probe(counter(tmp_path / name, rate)).fps == wanted


@pytest.mark.parametrize(
    ("name", "rate", "count"),
    [("a.mp4", "24000/1001", 1439), ("a.mp4", "30000/1001", 1799), ("a.mkv", "24000/1001", 1439),
     ("a.mkv", "30000/1001", 1799)],
)
def test_film_and_broadcast_rates_do_not_drift_over_a_minute(
    tmp_path: Path, name: str, rate: str, count: int
) -> None:
    path = counter(tmp_path / name, rate, 60)
    info = probe(path)
    levels = [level(frame) for frame in read_frames(path)]
    assert info.frames == len(levels) == count
    assert levels == [index % 200 for index in range(count)]


def test_a_clip_as_browsers_record_it_without_length_and_rate_is_read_whole(tmp_path: Path) -> None:
    codec = ("-c:v", "libvpx", "-crf", "4", "-b:v", "2M", "-c:a", "libopus")
    path = counter(tmp_path / "recorded.webm", "30", 2, sound=True, more=(*codec, "-live", "1", "-f", "webm"))
    said = ffmpeg.run(ffmpeg.source(path))[2]
    assert "Duration: N/A" in said
    content = path.read_bytes()
    default = content.index(b"\x23\xe3\x83\x84")  # DefaultDuration: a browser does not write it
    path.write_bytes(content[:default] + b"\xec\x86" + bytes(6) + content[default + 8 :])  # a void in its place
    info, frames = probe(path), list(read_frames(path))
    assert (info.fps, info.frames, len(frames), info.has_audio) == (30, 60, 60, True)
    assert [level(frame) for frame in frames] == pytest.approx(range(60), abs=2)


@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (101, 77), (33, 200)])
def test_tall_and_odd_sizes_are_read_as_they_are(tmp_path: Path, width: int, height: int) -> None:
    source = f"rgbtestsrc=s={width}x{height}:r=25:d=0.2"
    path = make(tmp_path / "a.mp4", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv444p")
    info, frames = probe(path), list(read_frames(path))
    assert (info.width, info.height) == (width, height) and len(frames) == 5
    assert all(frame.shape == (height, width, 3) for frame in frames)


def test_ten_bits_look_as_eight(tmp_path: Path) -> None:
    save_png(tmp_path / "chart.png", chart())
    filters = "scale=out_color_matrix=bt709,format=yuv420p10le,setparams=colorspace=bt709:range=tv"
    path = make(
        tmp_path / "a.mkv", "-i", str(tmp_path / "chart.png"), "-vf", filters, "-frames:v", "2", "-c:v", "ffv1"
    )
    assert patch_error(next(read_frames(path))) <= 4


def test_variable_rate_is_resampled_by_time_stamps(tmp_path: Path) -> None:
    dropped = "select='not(between(n,20,29))*not(eq(mod(n,7),3))',setpts='PTS+0.004/TB*mod(N,2)'"
    webm = (
        "-vf",
        dropped,
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1:1000",
        "-c:v",
        "libvpx",
        "-crf",
        "4",
        "-b:v",
        "2M",
    )
    path = counter(tmp_path / "webcam.webm", "30", 2, sound=True, more=(*webm, "-live", "1", "-f", "webm"))
    info, frames = probe(path), list(read_frames(path))
    assert info.fps == 30 and info.frames == len(frames)
    kept = [n for n in range(60) if not 20 <= n <= 29 and n % 7 != 3]
    shown = [max(n for n in kept if n <= index) for index in range(len(frames))]
    assert len(frames) == 59 and [level(frame) for frame in frames] == pytest.approx(shown, abs=2)


def test_a_nominal_rate_of_a_thousand_is_not_believed() -> None:
    webcam = [round(index / 30, 3) + 0.003 * (index % 2) for index in range(90)]
    for nominal in (None, 1000.0, 0.0):
        assert choose_rate(webcam, 0.001, nominal) == 30
    assert choose_rate([], 0.001, 1000.0) == 25


def test_pictures_that_start_after_the_sound_are_held_in_step(tmp_path: Path) -> None:
    path = clap(tmp_path / "late.mp4", "-c:v", "libx264", delay=0.4)
    frames = [int(frame.mean()) for frame in read_frames(path)]
    assert len(frames) == 50 and frames.index(max(frames)) in (24, 25) and max(frames[:24]) < 40


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation_is_applied_to_size_and_pixels(tmp_path: Path, turn: int) -> None:
    flat = make(tmp_path / "flat.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2", *EXACT)
    path = make(tmp_path / "turned.mp4", "-display_rotation", str(turn), "-i", str(flat), "-c", "copy")
    wanted = np.rot90(next(read_frames(flat)), turn // 90).astype(int)
    frame, info = next(read_frames(path)), probe(path)
    assert (info.height, info.width) == frame.shape[:2] == wanted.shape[:2]
    assert abs(frame - wanted).mean() < 3


def test_start_and_every_pick_from_the_same_frames(tmp_path: Path) -> None:
    path = counter(tmp_path / "a.mp4", "25", 1)
    save_png(tmp_path / "still.png", chart())
    assert [level(frame) for frame in read_frames(path, start=5, every=4)] == [5, 9, 13, 17, 21]
    assert list(read_frames(path, start=99)) == [] and len(list(read_frames(tmp_path / "still.png"))) == 1


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "really_a_png.mp4"])
def test_stills_are_upright_whatever_their_name(tmp_path: Path, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    kind = {"a.jpg": "JPEG", "a.webp": "WEBP"}.get(name, "PNG")
    Image.fromarray(chart(16)).save(tmp_path / name, format=kind, exif=exif, quality=95)
    info, frames = probe(tmp_path / name), list(read_frames(tmp_path / name))
    wanted = np.rot90(chart(16), {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
    assert (info.is_still, info.fps, info.frames, len(frames)) == (True, 25, 1, 1)
    assert frames[0].shape == wanted.shape == (info.height, info.width, 3)
    assert abs(frames[0].astype(int) - wanted).mean() < 12


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("reach", ["tv", "pc"])
def test_colours_follow_the_matrix_and_range_the_file_names(tmp_path: Path, matrix: str, reach: str) -> None:
    save_png(tmp_path / "chart.png", chart())
    space = {"bt601": "smpte170m"}.get(matrix, matrix)
    filters = (
        f"scale=out_color_matrix={matrix}:out_range={reach},format=yuv444p,setparams=colorspace={space}:range={reach}"
    )
    path = make(
        tmp_path / "a.mp4",
        "-i",
        str(tmp_path / "chart.png"),
        "-vf",
        filters,
        "-frames:v",
        "2",
        "-c:v",
        "libx264",
        "-qp",
        "1",
    )
    assert patch_error(next(read_frames(path))) <= 4


@pytest.mark.parametrize("curve", ["arib-std-b67", "smpte2084"])
def test_hdr_faces_look_as_in_sdr(tmp_path: Path, curve: str) -> None:
    save_png(tmp_path / "chart.png", chart())
    filters = (
        "format=gbrp,setparams=color_primaries=bt709:color_trc=iec61966-2-1:colorspace=gbr:range=pc,zscale=t=linear:npl=203,"
        f"format=gbrpf32le,zscale=p=bt2020:t={curve}:m=bt2020nc:r=tv:npl=203,format=yuv444p10le"
    )
    path = make(tmp_path / "hdr.mkv", "-i", str(tmp_path / "chart.png"), "-vf", filters, "-c:v", "ffv1")
    frame = next(read_frames(path)).astype(int)
    dark_skin, grey, skin = frame[32, 32 + 5 * 64], frame[32, 32 + 6 * 64], frame[32, 32 + 4 * 64]
    assert (
        abs(dark_skin - (120, 70, 50)).max() <= 3
        and abs(grey - 128).max() <= 3
        and abs(skin - (224, 172, 140)).max() <= 8
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("a.webm", ("libvpx-vp9", "-pix_fmt", "yuva420p")), ("a.mov", ("qtrle",)), ("a.mkv", ("ffv1",))]
)
def test_transparent_parts_are_grey(tmp_path: Path, name: str, codec: tuple[str, ...]) -> None:
    clear = make(tmp_path / name, "-f", "lavfi", "-i", "color=red@0.5:s=64x48:d=0.2,format=rgba", "-c:v", *codec)
    assert next(read_frames(clear))[24, 32] == pytest.approx((191, 64, 64), abs=3)


def test_interlaced_clips_have_no_combs(tmp_path: Path) -> None:
    bar = (
        "color=black:s=320x240:r=50:d=1,drawbox=w=40:h=240:c=white:t=fill,scroll=h=0.03,"
        "tinterlace=interleave_top,setfield=tff"
    )
    path = make(
        tmp_path / "a.mpg", "-f", "lavfi", "-i", bar, "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-q:v", "2"
    )
    combs = np.abs(np.diff(next(read_frames(path, start=10)).astype(int), axis=0)).mean()
    assert combs < 1 and probe(path).frames == 25


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    path = counter(tmp_path / "wide.mp4", more=("-vf", "setsar=4/3", *EXACT))
    assert (probe(path).width, probe(path).height) == (85, 48) and next(read_frames(path)).shape == (48, 85, 3)


def test_a_change_of_size_on_the_way_keeps_size_and_clock(tmp_path: Path) -> None:
    for name, size in (("a", "64x48"), ("b", "32x24")):
        make(tmp_path / f"{name}.ivf", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d=1", "-c:v", "libvpx")
    (tmp_path / "list.txt").write_text("file a.ivf\nfile b.ivf\n")
    path = make(tmp_path / "both.webm", "-f", "concat", "-i", str(tmp_path / "list.txt"), "-c", "copy")
    assert [frame.shape for frame in read_frames(path)] == [(48, 64, 3)] * 60
