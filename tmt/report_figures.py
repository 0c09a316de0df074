"""The figures of a run by names that say something, each with a line on what it counts."""

from __future__ import annotations

import html
from collections.abc import Mapping

from tmt.errors import Language

Pair = tuple[str, str]  # English, Japanese

TRAITS: dict[str, Pair] = {
    "mouth": ("Mouth opening", "口の開き"),
    "width": ("Mouth width", "口の幅"),
    "eye_r": ("Right eyelids", "右まぶた"),
    "eye_l": ("Left eyelids", "左まぶた"),
    "brow": ("Brow height", "眉の高さ"),
    "gaze": ("Gaze to the side", "視線（左右）"),
}
KINDS: dict[str, tuple[Pair, Pair]] = {
    "c": (
        ("{}: in step", "{}：一致度"),
        (
            "Correlation with the motion clip: 1 moves at the same moments, 0 has nothing to do with it.",
            "動きの動画との相関です。1は動くタイミングが同じ、0は無関係を意味します。",
        ),
    ),
    "g": (
        ("{}: strength", "{}：強さ"),
        (
            "How far it moves beside the motion clip: 1 as far, 0.5 half as far.",
            "動きの動画に対する動きの大きさです。1は同じ大きさ、0.5は半分を意味します。",
        ),
    ),
}
# column of the evaluation -> its name, what it counts
NAMES: dict[str, tuple[Pair, Pair]] = {
    "pose_deg": (
        ("Head: angle off", "頭の向きのずれ"),
        (
            "Degrees between the head’s turns and those of the motion clip, on average.",
            "動きの動画の頭の回転との差の平均（度）です。",
        ),
    ),
    **{
        f"{kind}_{trait}": ((form[0].format(words[0]), form[1].format(words[1])), about)
        for kind, (form, about) in KINDS.items() for trait, words in TRAITS.items()
    },
    "shape_subject": (
        ("Face shape: from the subject", "顔の形：被写体との差"),
        (
            "Distance of the mean faces in head units. One person’s own clips differ by 0.006 to 0.017.",
            "平均的な顔の形の差（頭部単位）です。同じ人の動画どうしでも0.006〜0.017の差があります。",
        ),
    ),
    "shape_driver": (
        ("Face shape: from the person in the motion clip", "顔の形：動き側の人物との差"),
        ("Likewise; larger is better.", "上と同様です。大きいほど良い値です。"),
    ),
    "jitter": (
        ("Trembling of the result", "結果の揺れ"),
        (
            "Change of speed from frame to frame, in distances between the eyes.",
            "フレームごとの速度の変化です（両目の間隔を1とします）。",
        ),
    ),
    "jitter_driver": (
        ("Trembling of the motion clip", "動きの動画の揺れ"),
        ("Likewise, to compare with.", "上と同様の比較用の値です。"),
    ),
    "csim_subject": (
        ("Face recognition: like the subject", "顔認識：被写体との類似度"),
        (
            "Cosine similarity of a recognition network, 1 at most; – where it is not installed.",
            "顔認識ネットワークによるコサイン類似度（最大1）です。未導入の場合は「–」になります。",
        ),
    ),
    "csim_driver": (
        ("Face recognition: like the person in the motion clip", "顔認識：動き側の人物との類似度"),
        ("Likewise; smaller is better.", "上と同様です。小さいほど良い値です。"),
    ),
    "csim_self": (
        ("Face recognition: the subject like themself", "顔認識：被写体自身との類似度"),
        ("The most that can be expected.", "被写体の動画の中での類似度で、期待できる上限です。"),
    ),
    "texture_subject": (
        ("Skin: like the subject", "肌：被写体との類似度"),
        ("Correlation of the skin’s fine pattern, 1 at most.", "肌の細かな模様の相関（最大1）です。"),
    ),
    "texture_driver": (
        ("Skin: like the person in the motion clip", "肌：動き側の人物との類似度"),
        ("Likewise; smaller is better.", "上と同様です。小さいほど良い値です。"),
    ),
    "frames": (("Frames written", "書き出したフレーム数"), ("Of the result.", "結果の動画のフレーム数です。")),
    "wanted": (("Frames wanted", "予定したフレーム数"), ("Those of the motion clip.", "動きの動画のフレーム数です。")),
    "missed": (
        ("Frames without a face", "顔を検出できないフレーム数"),
        ("Of the measured frames, which are every second one.", "測定したフレーム（2フレームに1つ）のうちの数です。"),
    ),
    "seconds": (
        ("Seconds of computing", "計算時間（秒）"), ("For the transfer alone.", "転写だけにかかった時間です。")
    ),
}  # fmt: skip


def figures_table(tables: Mapping[str, Mapping[str, object]], language: Language) -> str:
    """Figures of one or several methods, by the methods' names; each row's own name in the evaluation is its title."""
    names = list(next(iter(tables.values()), {}))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in tables)
    rows = "".join(
        f'<tr title="{html.escape(name)}"><td>{_named(name, language)}</td>'
        f"{''.join(f'<td>{shown_value(table.get(name))}</td>' for table in tables.values())}</tr>"
        for name in names
    )
    return f'<table class="figures"><tr><th></th>{head}</tr>{rows}</table>'


def shown_value(value: object) -> str:
    """A value of a table, escaped."""
    if isinstance(value, float):
        return "–" if value != value else f"{value:.4g}"
    return "–" if value is None else html.escape(str(value))


def figure_name(name: str, language: Language) -> str:
    """What a column of the evaluation is called."""
    return NAMES[name][0][language == "ja"] if name in NAMES else name


def _named(name: str, language: Language) -> str:
    """A figure's name, and below it what it counts."""
    about = f"<small>{html.escape(NAMES[name][1][language == 'ja'])}</small>" if name in NAMES else ""
    return f"{html.escape(figure_name(name, language))}{about}"
