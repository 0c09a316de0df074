"""What the HTML report says, in English and Japanese, and what it shares with the page: findings, names of methods."""

from __future__ import annotations

from datetime import datetime

from tmt.errors import Language

METHOD_WORDS: dict[str, tuple[str, str]] = {
    "fused": ("3D head, learned fusion", "3D頭部・学習した合成"),
    "bank": ("3D head, plain fusion (faster)", "3D頭部・学習なしの合成（高速）"),
    "head": ("The recurrent 3D head alone", "3D頭部のみ（逐次生成）"),
    "single": ("3D head, one frame", "3D頭部・1フレームのみ"),
    "flat": ("Head without depth", "奥行きなしの頭部"),
    "learned2d": ("2D warps of many frames, learned fusion", "多数フレームの2D変形・学習した合成"),
    "warp2d": ("2D warp of one frame", "1フレームの2D変形"),
    "copy": ("Nearest frame, unchanged", "最も近いフレームをそのまま表示"),
}  # fmt: skip

# Questions, their answers, and what each part of the face says to them.
FINDINGS: dict[str, tuple[str, str]] = {
    "same": ("Same person?", "同一人物に見えるか"),
    "follows": ("Follows the motion?", "動きに追従しているか"),
    "steady": ("Steady?", "安定しているか"),
    "good": ("Yes", "はい"),
    "fair": ("Mostly", "おおむね"),
    "poor": ("No", "いいえ"),
    "unknown": ("Cannot be told", "判定できません"),
    "follows_fair": ("Mostly; weaker: {parts}", "おおむね（{parts}は不十分）"),
    "follows_poor": ("Not everything: {parts}", "一部追従せず（{parts}）"),
    "same_detail": (
        "The figures are how near it is to the subject : to the person in the motion clip. Shape is weak "
        "evidence, since expressions change it, too.",
        "数字は「被写体：動き側の人物」の近さの比です。顔の形は表情によっても変わるため、参考程度にご覧ください。",
    ),
    "follows_detail": (
        "In step 1: moves at the same moments. Strength 1: moves as far as was set. Neither says how natural it looks. "
        "The head is {degrees:.1f}° off on average.",
        "一致度1は動くタイミングが同じ、強さ1は動きの大きさが設定どおりという意味で、見た目の自然さは含みません。"
        "頭の向きのずれは平均{degrees:.1f}°です。",
    ),
    "steady_detail": (
        "{value:.2f} times as much trembling as in the motion clip itself",
        "細かな揺れは、動きの動画の{value:.2f}倍です。",
    ),
    "part_head": ("Head", "頭"),
    "part_mouth": ("Mouth", "口"),
    "part_eyes": ("Eyelids", "まぶた"),
    "part_gaze": ("Gaze", "視線"),
    "part_brows": ("Brows", "眉"),
    "level_follows": ("follows", "追従"),
    "level_over": ("too strongly", "強すぎる"),
    "level_weakly": ("weakly", "弱い"),
    "level_not": ("does not follow", "追従せず"),
    "level_still": ("hardly moves in the motion clip", "元の動きがごく小さい"),
    "level_off": ("switched off", "オフに設定"),
    "level_unknown": ("cannot be told", "判定できません"),
    "part_numbers": ("in step {c:.2f}, strength {g:.2f}", "一致度 {c:.2f}、強さ {g:.2f}"),
    "trace_skin": ("Skin", "肌"),
    "trace_shape": ("Face shape", "顔の形"),
    "trace_network": ("Face recognition", "顔認識"),
    "side_subject": ("nearer the subject", "被写体に近い"),
    "side_unclear": ("undecided", "判断できない"),
    "side_driver": ("nearer the person in the motion clip", "動き側の人物に近い"),
    "trace_numbers": ("{percent:.0f} : {rest:.0f}", "{percent:.0f}：{rest:.0f}"),
    "looks": ("Frames that deserve a look", "確認をお勧めするフレーム"),
    "no_looks": ("Nothing flagged", "特になし"),
    "lost": ("no face was found", "顔を検出できません"),
    "shut": ("an eye is nearly shut that is open in the motion clip", "動きの動画では開いている目が、ほぼ閉じています"),
    "mouth": ("the mouth differs from the motion clip", "口の開きが動きの動画と異なります"),
    "eyes": ("the eyelids differ from the motion clip", "まぶたの開きが動きの動画と異なります"),
    "gaze": ("the gaze differs from the motion clip", "視線が動きの動画と異なります"),
    "brows": ("the brows differ from the motion clip", "眉の位置が動きの動画と異なります"),
    "turned": ("turned far: partly guessed", "横を大きく向いており、一部は推測です"),
    "jump": ("a sudden jerk", "急なぶれがあります"),
}  # fmt: skip

# key -> (English, Japanese)
WORDS: dict[str, tuple[str, str]] = {
    **FINDINGS,
    "title": ("Motion transfer: report", "動き転写レポート"),
    "generated": (
        "The result is AI-generated: the subject never made these movements.",
        "結果の映像はAIによる生成物です。被写体本人が実際に行った動きではありません。",
    ),
    "label_on": (
        "The visible label “AI生成 / AI-generated” is on every frame.",
        "すべてのフレームに「AI生成 / AI-generated」の表示が入っています。",
    ),
    "label_off": (
        "The visible label was switched off for this run.", "この動画では「AI生成」の表示がオフに設定されています。"
    ),
    "sealed": (
        "The video is signed (Content Credentials) and carries an invisible mark, number {number};"
        " tmt verify reads both.",
        "映像には電子署名（Content Credentials）と見えない透かし（番号 {number}）が入っています。"
        "tmt verify で確認できます。",
    ),
    "unsigned": ("The video could not be signed: {reason}.", "映像に電子署名を付けられませんでした：{reason}"),
    "made": ("Created", "作成日時"),
    "subject": ("Subject", "被写体"),
    "driving": ("Motion clip", "動きの動画"),
    "result": ("Result", "結果"),
    "at": ("at {seconds:.1f} s", "{seconds:.1f}秒"),
    "enlarge": ("Click to enlarge, click again to go back.", "クリックで拡大、もう一度クリックで戻ります。"),
    "moments": ("Pictures", "画像"),
    "summary": ("In short", "要点"),
    "review": ("Reviewer’s sign-off", "レビュー結果"),
    "not_reviewed": ("Not reviewed yet", "未レビュー"),
    "approve": ("Approved", "承認"),
    "reject": ("Rejected", "却下"),
    "reviewer": ("Reviewer", "担当者"),
    "remark": ("Remark", "コメント"),
    "when": ("When", "日時"),
    "clips": ("Clips and result", "素材と結果の動画"),
    "fact_size": ("Resolution", "解像度"),
    "fact_rate": ("Frame rate", "フレームレート"),
    "fact_length": ("Length", "長さ"),
    "fact_frames": ("Frames", "フレーム数"),
    "fact_tracked": ("Frames with a tracked face", "顔を追跡できたフレーム数"),
    "fact_held": ("Frames bridged or held", "補間・保持したフレーム数"),
    "fact_sound": ("Sound", "音声"),
    "sound_True": ("yes", "あり"),
    "sound_False": ("no", "なし"),
    "rate": ("{value:.4g} fps", "{value:.4g} fps"),
    "still": ("a picture", "静止画"),
    "reason_left_picture": ("left the picture", "画面の外に出た"),
    "reason_turned_away": ("turned away", "横を向いた"),
    "reason_hidden": ("hidden", "隠れた"),
    "reason_another_face": ("another person’s face", "別人の顔"),
    "reason_covered_by_hand": ("covered by a hand", "手で覆われた"),
    "reason_cut_off_file": ("the file is cut off", "ファイルが途中で切れている"),
    "limits": ("Limits that acted", "適用された制限"),
    "no_limits": ("None", "なし"),
    "limit_frames": ("{name}: {count} frames", "{name}（{count}フレーム）"),
    "limit_turned_past_range": (
        "The motion turns further than the subject’s clip allows, so the head was held back",
        "動きが被写体の素材で再現できる範囲を超えたため、頭の向きを抑えました",
    ),
    "limit_view_far_from_subject": (
        "A view that the subject’s clip does not show, so it is partly guessed",
        "被写体の素材に写っていない向きのため、一部は推測です",
    ),
    "limit_head_leaves_picture": ("The head leaves the picture", "頭が画面からはみ出しています"),
    "settings": ("Settings", "設定"),
    "figures": ("All figures", "すべての数値"),
    "figures_note": (
        "The same figures as tmt evaluate gives for this run.", "tmt evaluate がこの動画について出す値と同じです。"
    ),
    "cost": ("Compute time and cost", "計算時間と費用"),
    "total": ("In all", "合計"),
    "stage_study": ("Studying the subject", "被写体の解析"),
    "stage_decode": ("Reading the clips", "読み込み"),
    "stage_track": ("Tracking the face in the motion clip", "動きの動画の顔の追跡"),
    "stage_align": ("Measuring how the head turns", "頭の動きの測定"),
    "stage_prepare": ("Preparing", "準備"),
    "stage_behind": ("Background", "背景"),
    "stage_choose": ("Posing the head, choosing frames", "頭部の配置とフレームの選択"),
    "stage_fuse": ("Drawing the pixels", "画素の合成"),
    "stage_encode": ("Writing the video", "書き出し"),
    "stage_judge": ("Measuring the result", "結果の測定"),
    "seconds": ("{value:.1f} s", "{value:.1f}秒"),
    "per_second": ("{value:.1f} s of computing per second of video", "映像1秒あたりの計算時間は{value:.1f}秒"),
    "price": (
        "{amount:.4f} {currency} at {rate:g} {currency} per hour of this computer",
        "{amount:.4f} {currency}（このコンピューターの料金を1時間あたり{rate:g} {currency}とした場合）",
    ),
    "no_price": (
        "No price per hour was set for this computer (--price).",
        "このコンピューターの1時間あたりの料金は設定されていません（--price）。",
    ),
    "consent": ("Consent", "同意記録"),
    "consent_text": (
        "Version of the consent text: {version}; affirmed on {utc}", "同意文の版：{version}、同意日時：{utc}"
    ),
    "inputs": ("Files (SHA-256)", "ファイル（SHA-256）"),
    "versions": ("Versions", "バージョン"),
    "role_subject": ("subject", "被写体"),
    "role_driving": ("motion clip", "動きの動画"),
    "role_video": ("result", "結果"),
    "role_side_by_side": ("side by side", "並べて比較"),
    # Settings by name, and their values.
    "set_mode": ("Place of the head", "頭の位置"),
    "set_method": ("Method", "方式"),
    "set_size": ("Size in pixels", "サイズ（ピクセル）"),
    "set_full_frame": ("Whole picture", "画面全体に合成"),
    "set_side_by_side": ("Side-by-side video", "並べて比較する動画"),
    "set_sound": ("Sound", "音声"),
    "set_label": ("Visible AI label", "「AI生成」の表示"),
    "set_mark": ("Invisible mark", "見えない透かし"),
    "set_head": ("Head movement (multiplier)", "頭の動き（倍率）"),
    "set_mouth": ("Mouth (multiplier)", "口（倍率）"),
    "set_eyes": ("Eyelids (multiplier)", "まぶた（倍率）"),
    "set_brows": ("Brows (multiplier)", "眉（倍率）"),
    "set_gaze": ("Gaze (multiplier)", "視線（倍率）"),
    "set_wrinkles": ("Wrinkles (multiplier)", "しわ（倍率）"),
    "set_steadiness": ("Steadiness, 0 to 1", "安定度（0〜1）"),
    "set_driving_face": ("Face in the motion clip", "動きの動画で使う顔"),
    "set_sources": ("Frames mixed at once", "同時に合成するフレーム数"),
    "is_relative": ("relative", "相対"),
    "is_absolute": ("absolute", "絶対"),
    "is_driving": ("of the motion clip", "動きの動画の音声"),
    "is_subject": ("of the subject clip", "被写体の動画の音声"),
    "is_none": ("none", "なし"),
    "is_None": ("automatic", "自動"),
    "is_True": ("yes", "はい"),
    "is_False": ("no", "いいえ"),
    **{f"is_{method}": words for method, words in METHOD_WORDS.items()},
}  # fmt: skip


def word(key: str, language: Language, **values: object) -> str:
    """One text of the report, filled in."""
    return WORDS[key][1 if language == "ja" else 0].format(**values)


def labelled(name: str, value: object, language: Language) -> str:
    """A name and its value, parted as the language does."""
    return f"{name}：{value}" if language == "ja" else f"{name}: {value}"


def local_time(utc: object, language: Language) -> str:
    """A time in UTC (ISO 8601) as the clock of this computer shows it, with its zone; other text as it stands."""
    try:
        time = datetime.fromisoformat(str(utc).replace("Z", "+00:00")).astimezone()
    except ValueError:
        return str(utc)
    offset = time.strftime("%z")
    zone = f"UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+-0") else "UTC"
    date = f"{time.year}年{time.month}月{time.day}日" if language == "ja" else f"{time.day} {time:%B %Y},"
    return f"{date} {time:%H:%M}{f'（{zone}）' if language == 'ja' else f' ({zone})'}"
