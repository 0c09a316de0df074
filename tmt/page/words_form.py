"""What the form of the page says: key -> (English, Japanese)."""

from __future__ import annotations

from tmt.report_words import METHOD_WORDS

FORM: dict[str, tuple[str, str]] = {
    "heading": ("# One person’s look, another’s performance", "# この人に、この動きを。"),
    "introduction": (
        "The person in one clip makes the movements of another. You get a video with sound, marked as AI-generated.",
        "被写体の人物を、別の動画の表情と動きで動かします。結果は「AI生成」の表示が入った音声付きの動画です。",
    ),
    "examples": ("Example", "実行例"),
    "examples_note": (
        "Nobody in the examples exists; they are computer graphics. Drag across the picture to compare.",
        "実行例の人物はすべてCGで、実在しません。映像の上を左右にドラッグすると比較できます。",
    ),
    "use_pair": ("Try this pair", "この組み合わせで試す"),
    "use_clip": ("Use the example {name}", "実行例「{name}」を使う"),
    "or_example": ("Or an example:", "または実行例から："),
    "try_it": ("## Try it yourself", "## 試してみる"),
    "consent_title": (
        "### First: consent",
        "### はじめに：同意",
    ),
    "consent_why": (
        "No face is analysed until all three boxes are ticked. Consent text version: {version}.",
        "3つすべてにチェックが入るまで、顔の解析は行いません。同意文の版：{version}",
    ),
    "consent_needed": ("Required", "必須"),
    "consent_again": (
        "Another clip, maybe another person: please confirm this anew.",
        "素材が変わりました。写っている人について、改めて確認してください。",
    ),
    "clip_needed": ("Please choose a clip first.", "先に素材を選んでください。"),
    "subject_step": ("### 1 · Subject", "### 1 · 被写体"),
    "driving_step": ("### 2 · Motion", "### 2 · 動き"),
    "result_step": ("### 3 · Result", "### 3 · 結果"),
    "subject": ("Subject: video or picture", "被写体：動画または画像"),
    "driving": ("Motion: video", "動き：動画"),
    "subject_help": (
        "Who is shown. One person; the more the clip shows of the head and the mouth, the better.",
        "映像に登場する人物です。1人だけが写り、頭の向きや口の動きが多く含まれているほど、仕上がりが良くなります。",
    ),
    "driving_help": (
        "Who moves. Movements, expressions and sound come from this clip; its face does not appear.",
        "動きの元になる人物です。動き・表情・音声を使用し、この人物の顔は結果に現れません。",
    ),
    "record": ("Record with the camera", "カメラで撮影する"),
    "webcam": ("Camera", "カメラ"),
    "which_face": ("Which face?", "使用する顔"),
    "preset": ("How the motion is transferred", "動きの移し方"),
    "natural": ("Natural", "自然"),
    "steady_preset": ("Steady", "安定"),
    "strong": ("Strong", "強め"),
    "preset_help": (
        "Natural follows the motion clip. Steady calms the head. Strong exaggerates the expressions a little.",
        "「自然」は動きの動画に忠実に、「安定」は頭の揺れを抑え、「強め」は表情を少し強調します。",
    ),
    "more": ("More settings", "詳しい設定"),
    "full_frame": ("Whole picture", "画面全体に合成する"),
    "full_frame_help": (
        "Put the head back into the subject’s whole picture instead of a square around the head.",
        "頭の周りの正方形ではなく、被写体の元の画面全体に合成します。",
    ),
    "mode": ("Place of the head", "頭の位置"),
    "mode_help": (
        "Relative keeps the subject’s own place and posture. Absolute takes the place, size and angle of the "
        "head in the motion clip.",
        "「相対」は被写体の元の位置と姿勢を保ちます。「絶対」は動きの動画の頭の位置・大きさ・角度に合わせます。",
    ),
    "relative": ("Relative", "相対"),
    "absolute": ("Absolute", "絶対"),
    "size": ("Size in pixels", "サイズ（ピクセル）"),
    "size_help": (
        "Side of the square around the head. Larger takes longer; automatic follows the subject clip.",
        "頭の周りの正方形の一辺です。大きいほど時間がかかります。「自動」は被写体の素材に合わせます。",
    ),
    "auto": ("Automatic", "自動"),
    "calm": ("Calmer or livelier", "揺れの抑え方"),
    "calm_help": (
        "Above 0: less trembling than in the preset; below 0: more. Fast movements stay as they are.",
        "0より大きいと細かな揺れをさらに抑え、小さいと残します。速い動きには影響しません。",
    ),
    "head": ("Head movement", "頭の動き"),
    "head_help": (
        "Multiplier (1 = as in the preset); 0 keeps the head still.",
        "倍率です（1＝「動きの移し方」の設定どおり）。0にすると頭は動きません。",
    ),
    "mouth": ("Mouth", "口"),
    "mouth_help": (
        "Opening and shape of the mouth: multiplier (1 = as in the preset).",
        "口の開きと形の倍率です（1＝設定どおり）。",
    ),
    "eyes": ("Eyelids", "まぶた"),
    "eyes_help": (
        "Blinks and squints: multiplier (1 = as in the preset).",
        "まばたきや目の細め方の倍率です（1＝設定どおり）。",
    ),
    "brows": ("Brows", "眉"),
    "brows_help": (
        "Movement of the brows: multiplier (1 = as in the preset).",
        "眉の動きの倍率です（1＝設定どおり）。",
    ),
    "gaze": ("Gaze", "視線"),
    "gaze_help": (
        "Movement of the eyes: multiplier (1 = as in the preset).",
        "視線の動きの倍率です（1＝設定どおり）。",
    ),
    "wrinkles": ("Wrinkles", "しわ"),
    "wrinkles_help": (
        "Wrinkles taken from the motion clip: multiplier (1 = as in the preset).",
        "動き側の人物から取り込む表情じわの倍率です（1＝設定どおり）。",
    ),
    "sound": ("Sound", "音声"),
    "sound_help": ("Which sound the result has.", "結果に入れる音声を選びます。"),
    "sound_driving": ("From the motion clip", "動きの動画の音声"),
    "sound_subject": ("From the subject clip", "被写体の動画の音声"),
    "sound_none": ("None", "なし"),
    "method": ("Method", "方式"),
    "method_help": (
        "The first gives the best result; the others are simpler and meant for comparison.",
        "先頭の項目が標準です。ほかは比較用の簡易な方式です。",
    ),
    **{"head_alone" if method == "head" else method: words for method, words in METHOD_WORDS.items()},
    "preview": ("Preview one frame", "1フレームだけ試す"),
    "run": ("Transfer the motion", "動きを転写する"),
    "stop": ("Stop", "停止"),
    "privacy": (
        "Clips and results stay on the computer that serves this page. They are deleted when you close or reload it, "
        "after {hours} hours at the latest, or now:",
        "素材と結果は、このページを動かしているコンピューターの中だけで扱います。ページを閉じるか再読み込みすると削除し、遅くとも{hours}時間後には削除します。"
        "今すぐ消すこともできます。",
    ),
    "delete": ("Delete everything of mine now", "自分の素材と結果を今すぐ削除"),
    "delete_sure": ("Really delete everything", "本当にすべて削除する"),
    "delete_not": ("Keep", "やめる"),
    "deleted": (
        "Deleted: your clips, your results and the 3D head.",
        "削除しました。素材・結果・3D頭部は残っていません。",
    ),
    # The pre-flight card.
    "checking": ("Checking the clip", "素材を確認しています"),
    "green": ("Ready", "問題ありません"),
    "amber": ("Usable, with remarks", "使用できますが、ご確認ください"),
    "red": ("Cannot be used", "使用できません"),
    "fact_length": ("Length", "長さ"),
    "fact_size": ("Size", "サイズ"),
    "fact_rate": ("Frame rate", "フレームレート"),
    "fact_face": ("Face", "顔の幅"),
    "fact_turn": ("Turn", "横の向き"),
    "fact_nod": ("Nod", "縦の向き"),
    "fact_reference": ("Reference frame", "基準フレーム"),
    "fact_time": ("Estimated time", "所要時間の目安"),
    "still": ("Picture", "静止画"),
    "value_seconds": ("{value:.1f} s", "{value:.1f}秒"),
    "value_size": ("{width} × {height}", "{width} × {height}"),
    "value_rate": ("{value:.4g} fps", "{value:.4g} fps"),
    "value_pixels": ("{value:.0f} px wide", "{value:.0f}ピクセル"),
    "value_degrees": ("{low:+.0f}° to {high:+.0f}°", "{low:+.0f}°〜{high:+.0f}°"),
    "value_at": ("at {value:.1f} s", "{value:.1f}秒"),
    "crop_shown": ("The outline shows which part is used.", "枠の中が使用する範囲です。"),
    "face_button": ("Face {number}", "顔{number}"),
    "after_consent": (
        "The face is analysed once the three boxes above are ticked.",
        "顔の確認は、上の3つの同意にチェックが入ってから行います。",
    ),
    "remark_still_subject": (
        "A picture works; a clip that turns the head and opens the mouth works better.",
        "静止画でも使用できますが、頭を動かし口を開ける動画のほうが良い仕上がりになります。",
    ),
    "remark_still_driving": (
        "A picture has no motion. Choose a video.",
        "静止画には動きがありません。動画を選んでください。",
    ),
    "remark_short": (
        "Only {seconds} s long; 2 s or more are better.",
        "長さが{seconds}秒しかありません。2秒以上をお勧めします。",
    ),
    "remark_long_subject": (
        "{seconds} s long; frames are picked evenly, so it only takes longer to read.",
        "長さが{seconds}秒あります。フレームを等間隔に選んで使うため、読み込みに時間がかかるだけです。",
    ),
    "remark_long_driving": (
        "{seconds} s long; the run takes correspondingly longer. Trim the clip for a first try.",
        "長さが{seconds}秒あり、処理にも時間がかかります。最初は短く切り出して試すことをお勧めします。",
    ),
    "remark_silent": ("Without sound, so the result is silent, too.", "音声がないため、結果も無音になります。"),
    "remark_hdr": ("HDR colours are converted automatically.", "HDRの色は自動で変換します。"),
    "remark_interlaced": ("Interlacing is removed automatically.", "インターレースは自動で解除します。"),
    "remark_no_face": (
        "No face was found. Use a clip in which a face looks towards the camera.",
        "顔が見つかりません。カメラの方を向いた顔が写る素材を選んでください。",
    ),
    "remark_tiny_face": (
        "The face is only {pixels} pixels wide; at least {limit} are needed. Use a closer shot.",
        "顔の幅が{pixels}ピクセルしかありません（{limit}以上が必要）。顔がより大きく写った素材を使ってください。",
    ),
    "remark_small_face": (
        "The face is {pixels} pixels wide; from {limit} on, eyes and lips come out clearly.",
        "顔の幅は{pixels}ピクセルです。{limit}以上あると目や唇が鮮明になります。",
    ),
    "remark_several_faces": (
        "{count} faces: choose one in the picture.",
        "{count}人の顔が写っています。画像の上で1人を選んでください。",
    ),
    "remark_lost_face": (
        "No face in {percent} % of the frames; they are bridged or held.",
        "フレームの{percent}％で顔を検出できません。前後から補間するか、直前の顔を保持します。",
    ),
    "remark_dark": (
        "The face is dark. More light gives a clearer result.",
        "顔が暗く写っています。明るい素材のほうが鮮明に仕上がります。",
    ),
    "remark_turns_little": (
        "The head turns by only {degrees}°; sides that it never shows must be guessed.",
        "頭の向きが{degrees}°しか変わりません。写っていない側は推測になります。",
    ),
    "remark_mouth_closed": (
        "The mouth never opens, so teeth and its inside must be guessed.",
        "口を開ける場面がないため、歯や口の中は推測になります。",
    ),
    "remark_driving_turns_far": (
        "The head turns by up to {degrees}°; beyond about 25° the far side is partly guessed.",
        "頭が最大{degrees}°まで横を向きます。約25°を超えると、向こう側は一部推測になります。",
    ),
}  # fmt: skip
