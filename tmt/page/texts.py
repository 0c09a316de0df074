"""What the page says, in English and Japanese. The consent statements are in `provenance`, the errors in `errors`."""

from __future__ import annotations

from tmt import provenance
from tmt.errors import Language

# key -> (English, Japanese)
TEXTS: dict[str, tuple[str, str]] = {
    "heading": ("# Talking-head motion transfer", "# 顔の動きの転写"),
    "introduction": (
        "The person in one clip makes the movements of another. You get a video with sound, marked as AI-generated.",
        "一方の動画の人物を、もう一方の動画の表情と動きで動かします。結果は「AI生成」の表示が入った音声付き動画です。",
    ),
    "subject": ("1. Subject: who is shown", "1. 被写体：画面に映す人"),
    "subject_help": (
        "One person, face towards the camera. The more the clip shows of the head and the mouth, the better.",
        "カメラの方を向いた1人の動画。頭や口の動きが多いほど、仕上がりが良くなります。",
    ),
    "driving": ("2. Motion: who moves", "2. 動き：動きの元になる人"),
    "driving_help": (
        "Movements, expression and sound are taken from this clip; the face in it is not shown.",
        "動き・表情・音声をこの動画から取ります。映っている人の顔は結果には現れません。",
    ),
    "no_preview": (
        "Your browser cannot show this clip here; it may still be usable.",
        "この動画はブラウザーでは表示できませんが、処理には使える場合があります。",
    ),
    "consent_title": (
        "**3. Consent.** Nothing is processed before all three are ticked.",
        "**3. 同意** 　3つすべてにチェックが入るまで、処理は行われません。",
    ),
    "consent_needed": ("Required", "必須"),
    "clip_needed": ("Please choose a clip first.", "先に動画を選んでください。"),
    "mode": ("How the movements are carried over", "動きの移し方"),
    "mode_help": (
        "Relative keeps the subject's own place and posture. Absolute copies the driving head's place, size and angle.",
        "「相対」は被写体の元の位置と姿勢を保ち、「絶対」は動きの元になる人の頭の位置・大きさ・角度をそのまま写します。",
    ),
    "relative": ("Relative", "相対"),
    "absolute": ("Absolute", "絶対"),
    "full_frame": ("Full frame", "画面全体に合成する"),
    "full_frame_help": (
        "Put the head back into the whole picture of the subject, instead of a square around the head.",
        "頭の周りの正方形だけではなく、被写体の元の画面全体を使います。",
    ),
    "more": ("More settings", "詳しい設定"),
    "size": ("Size in pixels", "大きさ（ピクセル）"),
    "size_help": (
        "Side of the square around the head. Larger takes longer; automatic follows the subject clip.",
        "頭の周りの正方形の一辺。大きいほど時間がかかります。「自動」は被写体の動画に合わせます。",
    ),
    "auto": ("Automatic", "自動"),
    "steadiness": ("Steadiness", "動きの安定度"),
    "steadiness_help": (
        "0 follows every small movement, 1 calms trembling the most. Fast movements stay as they are.",
        "0は細かな動きまで追い、1は震えを最も抑えます。速い動きはそのまま残ります。",
    ),
    "method": ("Method", "方式"),
    "method_help": (
        "The first gives the best result; the others are simpler and serve for comparison.",
        "最初の項目が標準の方式です。ほかは比較のための簡単な方式です。",
    ),
    "bank": ("3D head, many frames", "3D頭部・多数のフレーム"),
    "single": ("3D head, one frame", "3D頭部・1フレームのみ"),
    "flat": ("Head without depth", "奥行きのない頭部"),
    "warp2d": ("2D warp of one frame", "1フレームの2D変形"),
    "copy": ("Nearest frame, unchanged", "最も近いフレームをそのまま表示"),
    "run": ("Transfer the motion", "動きを転写する"),
    "stop": ("Stop", "停止"),
    "result": ("Result", "結果"),
    "side_by_side": ("Side by side", "並べて比較"),
    "report": (
        "Report (JSON): settings, hashes, consent, versions",
        "レポート（JSON）：設定・ハッシュ値・同意・バージョン",
    ),
    "privacy": (
        "Clips and results stay on the computer that serves this page and are deleted after {hours} hours.",
        "動画と結果は、このページを提供しているコンピューターの中だけで扱い、{hours}時間後に削除します。",
    ),
    # Said by the server while it works, in the language that the browser asks for.
    "queue": ("Waiting for its turn", "順番を待っています"),
    "start": ("Starting", "準備しています"),
    "study": ("Studying the subject", "被写体を調べています"),
    "track": ("Following the driving face", "動きの動画の顔を追跡しています"),
    "render": ("Rendering", "映像を作っています"),
    "work": ("Working", "処理しています"),
    "left": ("about {time} left", "残り約{time}"),
    "seconds": ("{count} s", "{count}秒"),
    "minutes": ("{count} min", "{count}分"),
    "done": ("Finished", "完了しました"),
    "frames": ("Frames", "フレーム数"),
    "frames_lost": ("Frames without a face", "顔が見つからないフレーム"),
    "seconds_per_frame": ("Seconds per frame", "1フレームあたりの秒数"),
    "seconds_total": ("Seconds in all", "合計秒数"),
    "stopped": ("Stopped. Nothing was kept.", "停止しました。途中の結果は残していません。"),
    "unexpected": (
        "Something went wrong inside the program. Please try again; if it happens again, tell whoever runs this page.",
        "プログラムの内部で問題が起きました。もう一度お試しください。繰り返す場合は、このページの管理者に知らせてください。",
    ),
}


def text(key: str, language: Language, **values: object) -> str:
    """One text of the page, filled in."""
    return TEXTS[key][1 if language == "ja" else 0].format(**values)


def catalogue(language: Language, **values: object) -> dict[str, str]:
    """Every text that the browser translates itself, consent statements included, under "consent_<id>"."""
    statements = {f"consent_{key}": words for key, words in provenance.statements(language).items()}
    # Texts that the server fills in later keep their braces: the browser never shows them.
    filled = {key: words[language == "ja"].format_map(_Blanks(values)) for key, words in TEXTS.items()}
    return filled | statements


class _Blanks(dict[str, object]):
    """Values of a text; one that is not known yet stays as it is written."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def preferred(accept_language: str | None) -> Language:
    """The language for a browser's Accept-Language: what it wants most decides, as it does for the labels."""
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((float(weight or 1), tag.lower()))
        except ValueError:
            continue
    best = max(ranked, key=lambda item: item[0], default=(0.0, ""))[1]
    return "ja" if best.split("-")[0] == "ja" else "en"
