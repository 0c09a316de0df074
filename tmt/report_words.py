"""What the HTML report says, in English and Japanese."""

from __future__ import annotations

from tmt.errors import Language

# key -> (English, Japanese)
WORDS: dict[str, tuple[str, str]] = {
    "title": ("Motion transfer: report", "動き転写レポート"),
    "generated": (
        "The result is AI-generated: the subject never made these movements.",
        "結果の映像はAIによる生成物です。被写体本人が実際に行った動きではありません。",
    ),
    "label_on": (
        "The visible label “AI生成 / AI-generated” is on every frame.",
        "すべてのフレームに「AI生成 / AI-generated」の表示が入っています。",
    ),
    "label_off": ("The visible label was switched off for this run.", "この出力では可視の表示がオフにされています。"),
    "made": ("Made", "作成日時"),
    "subject": ("Subject", "被写体"),
    "driving": ("Motion", "動き"),
    "result": ("Result", "結果"),
    "at": ("at {seconds:.1f} s", "{seconds:.1f}秒"),
    "summary": ("In short", "要点"),
    "same": ("Same person?", "同じ人に見えるか"),
    "follows": ("Follows the motion?", "動きについてきているか"),
    "steady": ("Steady?", "安定しているか"),
    "good": ("Yes", "はい"),
    "fair": ("Mostly", "おおむね"),
    "poor": ("No", "いいえ"),
    "unknown": ("Cannot be told", "判定できません"),
    "same_detail": (
        "face shape and skin: {percent:.0f} : {rest:.0f} nearer the subject than the driver (yes from 60 : 40)",
        "顔の形と肌の近さ 被写体 {percent:.0f}：動きの人 {rest:.0f}（60：40以上で「はい」）",
    ),
    "follows_detail": (
        "mouth, eyes and gaze in step with the driver: {value:.2f} (1 is exact); head {degrees:.1f}° off",
        "口・目・視線の一致度 {value:.2f}（1で完全に一致）、頭の向きのずれ {degrees:.1f}°",
    ),
    "steady_detail": (
        "{value:.2f} times as much trembling as in the driver’s own clip", "細かな揺れは元の動きの動画の{value:.2f}倍"
    ),
    "looks": ("Frames that deserve a look", "確認したほうがよいフレーム"),
    "no_looks": ("None stands out.", "目立つものはありません。"),
    "lost": ("no face was found", "顔を検出できません"),
    "mouth": ("the mouth differs from the driver's", "口の開きが動きの動画と異なります"),
    "eyes": ("the eyelids differ from the driver's", "まぶたの動きが動きの動画と異なります"),
    "turned": ("turned far: partly guessed", "横を大きく向いており、一部は推測です"),
    "jump": ("a sudden jerk", "急にぶれています"),
    "review": ("Reviewer’s sign-off", "レビュー担当者の確認"),
    "not_reviewed": ("Not reviewed yet.", "まだ確認されていません。"),
    "approve": ("Approved", "承認"),
    "reject": ("Rejected", "却下"),
    "reviewer": ("Reviewer", "担当者"),
    "remark": ("Remark", "コメント"),
    "when": ("When", "日時"),
    "settings": ("Settings", "設定"),
    "figures": ("All figures", "すべての数値"),
    "figures_note": (
        "The same columns as tmt evaluate gives for this run. Lengths are in inter-ocular distances unless said.",
        "tmt evaluate がこの実行について出す値と同じ列です。長さの単位は、断りがなければ両目の間隔です。",
    ),
    "cost": ("Compute time and cost", "計算時間と費用"),
    "total": ("In all", "合計"),
    "stage_study": ("Studying the subject", "被写体の調査"),
    "stage_decode": ("Decoding", "復号"),
    "stage_track": ("Following the driving face", "動きの追跡"),
    "stage_prepare": ("Preparing", "準備"),
    "stage_behind": ("Background", "背景"),
    "stage_choose": ("Posing the head, choosing frames", "頭部の配置とフレームの選択"),
    "stage_fuse": ("Pixels", "画素の合成"),
    "stage_encode": ("Encoding", "符号化"),
    "stage_judge": ("Measuring the result", "結果の測定"),
    "seconds": ("{value:.1f} s", "{value:.1f}秒"),
    "per_second": ("{value:.1f} s of computing per second of video", "映像1秒あたり計算{value:.1f}秒"),
    "price": (
        "{amount:.4f} {currency} at {rate:g} {currency} per hour of this computer",
        "{amount:.4f} {currency}（このコンピューター1時間あたり{rate:g} {currency}として）",
    ),
    "no_price": (
        "No price per hour was set for this computer (--price).",
        "このコンピューターの1時間あたりの料金は設定されていません（--price）。",
    ),
    "consent": ("Consent", "同意の記録"),
    "consent_text": ("Text {version}, affirmed {utc}", "文面 {version}、{utc} に同意"),
    "inputs": ("Files (SHA-256)", "ファイル（SHA-256）"),
    "versions": ("Versions", "バージョン"),
    "role_subject": ("subject", "被写体"),
    "role_driving": ("motion", "動き"),
    "role_video": ("result", "結果"),
    "role_side_by_side": ("side by side", "並べて比較"),
    # Settings by name, and their values.
    "set_mode": ("Place of the head", "頭の位置"),
    "set_method": ("Method", "方式"),
    "set_size": ("Size in pixels", "大きさ（ピクセル）"),
    "set_full_frame": ("Whole picture", "画面全体に合成"),
    "set_side_by_side": ("Side-by-side video", "並べて比較する動画"),
    "set_sound": ("Sound", "音声"),
    "set_label": ("Visible AI label", "AI生成の表示"),
    "set_head": ("Head movement, times", "頭の動き（倍率）"),
    "set_mouth": ("Mouth, times", "口（倍率）"),
    "set_eyes": ("Eyelids, times", "まぶた（倍率）"),
    "set_brows": ("Brows, times", "眉（倍率）"),
    "set_gaze": ("Gaze, times", "視線（倍率）"),
    "set_wrinkles": ("Wrinkles, times", "しわ（倍率）"),
    "set_steadiness": ("Steadiness, 0 to 1", "安定の度合い（0〜1）"),
    "set_driving_face": ("Face of the motion clip", "動きの動画の顔"),
    "set_sources": ("Frames mixed at once", "同時に混ぜるフレーム数"),
    "is_relative": ("relative", "相対"),
    "is_absolute": ("absolute", "絶対"),
    "is_driving": ("of the motion clip", "動きの動画の音声"),
    "is_subject": ("of the subject clip", "被写体の動画の音声"),
    "is_none": ("none", "なし"),
    "is_None": ("automatic", "自動"),
    "is_True": ("yes", "はい"),
    "is_False": ("no", "いいえ"),
}  # fmt: skip


def word(key: str, language: Language, **values: object) -> str:
    """One text of the report, filled in."""
    return WORDS[key][1 if language == "ja" else 0].format(**values)
