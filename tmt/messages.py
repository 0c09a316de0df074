"""What errors say, in English and Japanese."""

from __future__ import annotations

# key -> (English, Japanese). Every text names the thing, says what is wrong, and what to do next.
TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("{name}: no such file. Check the path.", "{name}：ファイルが見つかりません。パスを確認してください。"),
    "directory": ("{name}: this is a folder. Give one video or picture file.", "{name}：フォルダーです。動画または画像ファイルを指定してください。"),
    "unreadable": ("{name}: the file cannot be opened ({reason}). Check its permissions.", "{name}：ファイルを開けません（{reason}）。アクセス権を確認してください。"),
    "empty": ("{name}: the file is empty. Export or upload it again.", "{name}：ファイルが空です。書き出しまたはアップロードをやり直してください。"),
    "not_media": (
        "{name}: this is not a video or picture that can be read ({reason}). Convert it to MP4 (H.264).",
        "{name}：読み取れる動画・画像ではありません（{reason}）。MP4（H.264）に変換してください。",
    ),
    "no_video": (
        "{name}: there is no picture track in it, only sound or data. Give a video or picture file.",
        "{name}：映像が含まれていません（音声などのみ）。動画または画像ファイルを指定してください。",
    ),
    "no_frames": ("{name}: no picture could be decoded; the file may be cut off. Export it again.", "{name}：映像を読み込めません。ファイルが途中で切れている可能性があります。書き出し直してください。"),
    "cut_off": (
        "{name}: the file is cut off; its last {seconds:.1f} s are missing. What is there is used.",
        "{name}：ファイルが途中で切れており、末尾の約{seconds:.1f}秒がありません。残っている部分を使います。",
    ),
    "too_long": (
        "{name}: {seconds:.0f} s is longer than the limit of {limit:.0f} s. Trim the clip.",
        "{name}：長さ{seconds:.0f}秒は上限の{limit:.0f}秒を超えています。短く切り出してください。",
    ),
    "no_face": (
        "{name}: no human face was found. Use a clip in which one face looks towards the camera and is at least 60 pixels wide.",
        "{name}：人の顔が見つかりません。カメラの方を向いた、幅60ピクセル以上の顔が写っている素材を使ってください。",
    ),
    "face_too_small": (
        "{name}: the face is only {pixels:.0f} pixels wide; at least {limit:.0f} are needed. Use a closer or larger picture.",
        "{name}：顔の幅が{pixels:.0f}ピクセルしかありません（{limit:.0f}以上が必要）。顔がより大きく写った素材を使ってください。",
    ),
    "face_index": (
        "{name}: face {index} was asked for, but no picture shows more than {count}. Faces are counted from the left from 1.",
        "{name}：{index}番目の顔が指定されましたが、同時に写る顔は最大{count}人です。顔は左から1、2…と数えます。",
    ),
    "driving_needs_motion": (
        "{name}: the motion clip has only one frame; there is no motion to transfer. Use a video.",
        "{name}：動きの動画が1フレームしかなく、転写する動きがありません。動画を指定してください。",
    ),
    "consent": (
        "Consent is missing for: {missing}. All three statements must be affirmed before anything is processed.",
        "次の項目への同意がありません：{missing}。処理の前に、3つの項目すべてへの同意が必要です。",
    ),
    "consent_flag": (
        "Nothing was processed: affirm the three statements above with --consent.",
        "処理は行っていません。上の3項目に同意する場合は --consent を付けてください。",
    ),
    "output_unwritable": ("{name}: cannot be written ({reason}). Choose another folder or free some space.", "{name}：書き込めません（{reason}）。別の保存先を選ぶか、空き容量を確保してください。"),
    "output_suffix": ("{name}: the output must end in {suffix}.", "{name}：出力ファイルの拡張子は{suffix}にしてください。"),
    "same_file": ("{name}: the output would overwrite an input. Choose another name.", "{name}：出力が入力ファイルを上書きしてしまいます。別の名前にしてください。"),
    "encoder": ("{name}: the video could not be encoded ({reason}).", "{name}：動画を書き出せませんでした（{reason}）。"),
    "setting": ("Setting {name}={value!r} is not allowed: {reason}.", "設定 {name}={value!r} は使えません：{reason}。"),
    "dependency": ("The package {name} is needed and could not be loaded ({reason}). Install it with: pip install {package}", "パッケージ {name} を読み込めません（{reason}）。次で導入してください：pip install {package}"),
    "weights": ("The weights {name} could not be loaded ({reason}). {remedy}", "重み {name} を読み込めません（{reason}）。{remedy}"),
    "untrained": (
        "No trained weights of {name} come with this version. python -m tmt.train fusion makes them; they belong into {folder}.",
        "{name} の学習済みの重みはこの版に含まれていません。python -m tmt.train fusion で学習し、{folder} に置いてください。",
    ),
    "checkpoint_missing": (
        "{name}: no such folder, and no name on the Hub either (owner/name). Check the path or the name.",
        "{name}：そのフォルダーはなく、Hubの名前（owner/name）でもありません。パスまたは名前を確認してください。",
    ),
    "checkpoint_empty": (
        "{name}: there is no network of this program in it. Give a folder with fusion, fusion2d, head or geometry in it, or what a training left as its best.",
        "{name}：このプログラムのネットワークが入っていません。fusion・fusion2d・head・geometry のいずれかを含むフォルダーか、学習結果の best フォルダーを指定してください。",
    ),
    "checkpoint_pickle": (
        "{name}: its weights ({file}) are in a format that can run code; only safetensors are read. Save them again with save_pretrained.",
        "{name}：重み（{file}）が、読み込むとコードを実行できる形式です。safetensors だけを読み込みます。save_pretrained で保存し直してください。",
    ),
    "checkpoint_network": (
        "{name}: this network cannot be used ({reason}). Nothing of the checkpoint was loaded. Copy or fetch it again, or train it with this version.",
        "{name}：このネットワークは使えません（{reason}）。チェックポイントは何も読み込んでいません。コピーや取得をやり直すか、この版で学習し直してください。",
    ),
    "checkpoint_class": (
        "{name}: this is a {found}, not a {wanted}. Check which checkpoint was given.",
        "{name}：{wanted} ではなく {found} です。チェックポイントの指定を確認してください。",
    ),
    "checkpoint_lacks": (
        "{name}: {file} is missing. Nothing of the checkpoint was loaded. Copy or fetch it again.",
        "{name}：{file} がありません。チェックポイントは何も読み込んでいません。コピーまたは取得をやり直してください。",
    ),
    "checkpoint_shape": (
        "{name}: the network is built differently: {part} is {found}, where {wanted} is wanted. Nothing of the checkpoint was loaded. Train it with this version.",
        "{name}：ネットワークの構造が違います（{part}：{found}、正しくは {wanted}）。チェックポイントは何も読み込んでいません。この版で学習し直してください。",
    ),
    "checkpoint_large": (
        "{name}: {found:.0f} MB of weights are more than the limit of {limit:.0f} MB. Networks of this program are far smaller: check the name.",
        "{name}：重みが{found:.0f} MBあり、上限の{limit:.0f} MBを超えています。このプログラムのネットワークはずっと小さいので、名前を確認してください。",
    ),
    "hub_missing": (
        "{name}: there is no such folder here, and no such repository on the Hub, or it is private. Check the name; for a private one log in first (hf auth login, or HF_TOKEN).",
        "{name}：そのフォルダーはなく、Hubにもリポジトリがないか、非公開です。名前を確認してください。非公開の場合は先にログインしてください（hf auth login または HF_TOKEN）。",
    ),
    "hub_gated": (
        "{name}: access to this repository is granted on request. Ask for it on its page on the Hub, then log in here (hf auth login, or HF_TOKEN).",
        "{name}：このリポジトリの利用には申請が必要です。Hubのページで申請し、承認されたらログインしてください（hf auth login または HF_TOKEN）。",
    ),
    "hub_revision": (
        "{name}: the repository has no revision {revision}. Give one of its branches, tags or commits.",
        "{name}：リポジトリに {revision} というリビジョンはありません。ブランチ・タグ・コミットのいずれかを指定してください。",
    ),
    "hub_unreached": (
        "{name}: there is no such folder here; as a repository it was not fetched before, and the Hub cannot be reached ({reason}). Check the path, or connect to the internet once.",
        "{name}：そのフォルダーはありません。Hubのリポジトリとしては、まだ取得しておらず、Hubに接続できません（{reason}）。パスを確認するか、一度インターネットに接続してください。",
    ),
    "publish_twice": (
        "{name}: another of the runs holds the network {part}, too. Give one run for each network.",
        "{name}：ネットワーク {part} がほかの学習結果と重複しています。ネットワークごとに1つだけ指定してください。",
    ),
    "publish_public": (
        "{name}: this repository exists and is public. Nothing was uploaded: give another name, or --public.",
        "{name}：このリポジトリは既にあり、公開されています。何もアップロードしていません。別の名前にするか、--public を付けてください。",
    ),
    "publish_refused": (
        "{name}: the upload failed ({reason}); the folder is complete. Log in with a token that may write (hf auth login, or HF_TOKEN) and try again.",
        "{name}：アップロードできませんでした（{reason}）。フォルダーは完成しています。書き込み権限のあるトークンでログインし（hf auth login または HF_TOKEN）、もう一度お試しください。",
    ),
    "weights_download": (
        "The weights of {name} could not be loaded ({reason}). Connect to the internet once, or put {files} into {folder};"
        " or use the other tracker: pip install mediapipe==0.10.21",
        "{name} の重みを読み込めません（{reason}）。一度インターネットに接続するか、{files} を {folder} に置いてください。"
        "別のトラッカーも使えます：pip install mediapipe==0.10.21",
    ),
    "no_certificate": (
        "{name}: there is no certificate in it. Give the signer's root certificate as PEM.",
        "{name}：証明書が含まれていません。署名者のルート証明書（PEM形式）を指定してください。",
    ),
    "jobs": ("{name}: nothing was started, because of these rows:", "{name}：次の行に問題があるため、何も開始していません："),
    "jobs_line": ("  line {line}: {problem}", "  {line}行目：{problem}"),
    "jobs_unreadable": (
        "{name}: this is not a table that can be read ({reason}). Save it as CSV in UTF-8, with commas.",
        "{name}：表として読み取れません（{reason}）。カンマ区切りのCSV（UTF-8）で保存してください。",
    ),
    "jobs_empty": ("{name}: there is no pair of clips in it. Give at least one.", "{name}：動画の組がありません。1組以上指定してください。"),
    "column_unknown": ("{name}: the column {column!r} is unknown. There are: {known}.", "{name}：列 {column!r} は使えません。使える列：{known}。"),
    "column_missing": (
        "{name}: the column {column} is missing. The first line names the columns, parted by commas.",
        "{name}：列 {column} がありません。1行目に列名をカンマ区切りで書いてください。",
    ),
    "column_twice": ("{name}: the column {column} is there twice. Leave one.", "{name}：列 {column} が2つあります。1つにしてください。"),
    "cell_missing": ("The cell {column} is empty. Name a file in it.", "{column} の欄が空です。ファイル名を書いてください。"),
    "cells_too_many": ("There are more cells than columns. Put a text with commas into quotation marks.", "列の数より多くの値があります。カンマを含む値は引用符で囲んでください。"),
    "output_folder": ("{name}: the output must be a plain file name, without a folder.", "{name}：出力にはフォルダーを含まないファイル名だけを書いてください。"),
    "output_twice": ("{name}: line {line} writes this file, too. Give each row an output of its own.", "{name}：{line}行目も同じファイルに書き出します。行ごとに別の出力名にしてください。"),
    "unexpected": (
        "{name}: an unexpected problem ({reason}). Run this pair alone with tmt transfer to see more.",
        "{name}：予期しない問題が起きました（{reason}）。詳しくは、この組だけを tmt transfer で実行して確認してください。",
    ),
    "batch_stopped": (
        "Stopped; what was finished is kept. The same command goes on from there.",
        "停止しました。完了した結果は残っています。同じコマンドで続きから再開できます。",
    ),
    "cancelled": ("Stopped on request; nothing was kept.", "停止しました。途中のファイルは残していません。"),
}


# Reasons within a text, as the code or the system gives them -> Japanese.
REASONS: dict[str, str] = {
    "Permission denied": "アクセス権がありません",
    "No such file or directory": "ファイルまたはフォルダーがありません",
    "No space left on device": "空き容量がありません",
    "No space left": "空き容量がありません",
    "File too large": "ファイルが大きすぎます",
    "Read-only file system": "書き込み禁止の場所です",
    "Read-only": "書き込み禁止の場所です",
    "Is a directory": "フォルダーです",
    "Not a directory": "フォルダーではありません",
    "File name too long": "ファイル名が長すぎます",
    "Input/output error": "入出力エラー",
    "it is a folder": "フォルダーです",
    "it is a file, not a folder": "フォルダーではなくファイルです",
    "it is not an ordinary file": "通常のファイルではありません",
    "the folder does not exist": "フォルダーがありません",
    "the folder above it does not exist": "上のフォルダーがありません",
    "the folder is not empty": "フォルダーが空ではありません",
    "a folder has none": "フォルダーにはリビジョンがありません",
    "the name says another": "名前にも別のリビジョンが付いています",
    "it goes with the name of a repository": "リポジトリの名前と一緒に指定します",
    "its weights are not finite numbers": "重みに有限でない値があります",
    "its file is no longer the one that was looked at": "確認したあとにファイルが変わりました",
    "no permission to write into the folder": "フォルダーに書き込む権限がありません",
    "its index is missing; the file is cut off": "索引がなく、ファイルが途中で切れています",
    "its content is of no known video format": "動画として読める形式ではありません",
    "its pictures cannot be decoded": "映像を読み込めません",
    "the picture is too large": "画像が大きすぎます",
    "a HEIC/AVIF picture in tiles; export it as JPEG or PNG": "分割されたHEIC/AVIF画像です。JPEGまたはPNGで書き出してください",
    "no frame was given": "フレームがありません",
    "no reason given": "原因不明",
    "driving, subject or none": "driving、subject、none のいずれか",
    "relative or absolute": "relative または absolute",
    "between 0 and 2": "0から2まで",
    "between 0 and 1": "0から1まで",
    "between 1 and 16": "1から16まで",
    "1 or more": "1以上",
    "certificate and key go together": "証明書と鍵は両方必要です",
    "there is no PEM in it": "PEM形式ではありません",
    "yes or no": "yes または no",
    "a number": "数値",
    "a whole number": "整数",
    "it is not UTF-8": "UTF-8ではありません",
    "equally many angles of each kind": "角度の数をそろえてください",
}
