"""What the page says of a run and its result: key -> (English, Japanese)."""

from __future__ import annotations

RESULT: dict[str, tuple[str, str]] = {
    "former": ("Former result:", "前回の結果："),
    "queue": ("Waiting: place {place} of {of}", "順番待ち：{of}件中{place}番目"),
    "start": ("Starting", "準備しています"),
    "study": ("Studying the subject", "被写体を解析しています"),
    "track": ("Tracking the face in the motion clip", "動きの動画の顔を追跡しています"),
    "align": ("Measuring how the head turns in the motion clip", "動きの動画の頭の動きを測定しています"),
    "render": ("Rendering", "映像を生成しています"),
    "measure": ("Measuring the result", "結果を測定しています"),
    "build": ("Building the 3D head", "3D頭部を作成しています"),
    "moment": ("Drawing one frame", "1フレームを描画しています"),
    "work": ("Working", "処理しています"),
    "left": ("about {time} left", "残り約{time}"),
    "seconds": ("{count} s", "{count}秒"),
    "minutes": ("{count} min", "{count}分"),
    "done": ("Finished in {time}", "{time}で完了しました"),
    "stopped": ("Stopped. Nothing was kept.", "停止しました。途中の結果は保存していません。"),
    "unexpected": (
        "Something went wrong inside the program. Please try again; if it happens again, tell whoever runs this page.",
        "プログラム内部で問題が発生しました。もう一度お試しください。繰り返し発生する場合は、このページの管理者にお知らせください。",
    ),
    "no_result": (
        "There is no result yet. Run a transfer first.",
        "まだ結果がありません。先に転写を実行してください。",
    ),
    "preview_title": ("Preview: one frame at {value:.1f} s", "プレビュー：{value:.1f}秒のフレーム"),
    "your_result": ("### Your result", "### 転写結果"),
    # The player.
    "lane_subject": ("Subject", "被写体"),
    "lane_driving": ("Motion", "動き"),
    "lane_result": ("Result", "結果"),
    "play": ("Play or pause", "再生・一時停止"),
    "back": ("One frame back", "1フレーム戻る"),
    "forward": ("One frame forward", "1フレーム進む"),
    "seek": ("Position", "再生位置"),
    "speed": ("Speed", "再生速度"),
    "quarter": ("¼ speed", "¼倍速"),
    "normal": ("Normal speed", "通常の速度"),
    "wipe": ("Where the two pictures meet", "2つの映像の境目"),
    "view_wipe": ("Wipe", "重ねて比較"),
    "view_side": ("Side by side", "並べて比較"),
    "under": ("Compare with", "比較対象"),
    "full": ("Full screen", "全画面表示"),
    "mute": ("Sound on or off", "音声のオン・オフ"),
    # Numbers.
    "numbers": ("All figures, as tmt evaluate gives them", "すべての数値（tmt evaluate と同じ値）"),
    "figure": ("Figure", "項目"),
    "value": ("Value", "値"),
    "look_button": ("{time:.1f} s: {reason}", "{time:.1f}秒：{reason}"),
    # Tabs of the result.
    "tab_methods": ("Compare methods", "方式の比較"),
    "tab_head": ("3D head", "3D頭部"),
    "verify_title": ("Check a video: is it from tmt?", "動画を検証：tmtで作られたものか"),
    "verify_help": (
        "Give any video or picture. Every video made here carries a signature and an invisible mark, and this reads "
        "both. No face is analysed.",
        "動画または画像を選んでください。ここで作られた映像には電子署名と見えない透かしが入っており、その両方を読み取ります。顔の解析は行いません。",
    ),
    "verify_file": ("Video to check", "検証する動画"),
    "verifying": ("Checking …", "検証しています…"),
    "run_number": ("run {number}", "実行番号 {number}"),
    "run_signed": ("signed", "署名済み"),
    "run_unsigned": ("not signed", "署名なし"),
    "tab_blind": ("Blind test", "ブラインドテスト"),
    "tab_review": ("Sign-off", "レビューと承認"),
    "tab_files": ("Downloads", "ダウンロード"),
    "methods_help": (
        "Render the same clip with a simpler method; it joins the player above, and its figures join the table.",
        "同じ動画を別の方式でも生成し、上のプレーヤーと数値の表に追加します。",
    ),
    "joined": (
        "Added to the player above: {name}. Its answers are below the figures there.",
        "上のプレーヤーに「{name}」を追加しました。評価は数値の下に表示します。",
    ),
    "other_method": ("Method to compare with", "比較する方式"),
    "render_method": ("Render and compare", "生成して比較"),
    "model_help": (
        "The head that was learned from the subject: turn it with the mouse, a finger or the arrow keys. The "
        "back of the head is a guess.",
        "被写体から作成した3D頭部です。マウス、指、矢印キーで回転できます。後頭部は推測です。",
    ),
    "model": ("3D head", "3D頭部"),
    "coverage": ("Coverage of the head", "頭部が写っていた範囲"),
    "coverage_help": (
        "Coverage: how many keyframes of the subject’s clip show each part of the head, from none (blue) to "
        "all of them (yellow, the last number on the scale). A grey checker marks what none shows.",
        "頭部の各部分が写っているキーフレーム（被写体の素材から選んだフレーム）の枚数です。青は0枚、黄は全部（目盛りの最後の数字）で、灰色の市松模様はどれにも写っていない部分です。",
    ),
    "view_help": (
        "The subject from another angle, with the expression of the reference frame.",
        "基準フレームの表情のまま、別の角度から見た被写体です。",
    ),
    "view_title": ("Another angle", "別の角度から見る"),
    "yaw": ("Turn (yaw)", "横の向き"),
    "pitch": ("Nod (pitch)", "縦の向き"),
    "roll": ("Tilt (roll)", "傾き"),
    "degrees": ("degrees", "度"),
    "view_image": ("Another angle", "別の角度"),
    "watch_growth": ("Show how the head grew", "頭部ができていく過程を表示"),
    "growth": ("How the head grew", "頭部ができていく過程"),
    "growth_help": (
        "The head grows keyframe by keyframe: from left to right after 1, 2, 4 … of them, its colours, its "
        "depth, how certain it is. The numbers below: how many have been laid onto it, of how many in all "
        "(up to 17 of the keyframes that coverage counts; the others only refine its colours), and how much "
        "these have shown of everything that all of them show. Where the subject hardly turns, one frame "
        "shows nearly all of it.",
        "頭部はキーフレームを1枚ずつ重ねて作られます。左から1・2・4…枚を重ねた時点の、色・奥行き・確かさです。下の数字は「重ねた枚数／重ねる総数」（上の図のキーフレームのうち最大17枚。"
        "残りは色の調整だけに使用）と、全部を重ねたときに写る範囲のうち、その時点までに写った割合です。被写体の向きがほとんど変わらない場合は、1枚でも大部分が写ります。",
    ),
    "turntable": ("Make a turntable video", "左右に回転する動画を作る"),
    "turntable_video": ("Turntable", "左右に回転する動画"),
    "blind_help": (
        "Your result and the same clip by the method chosen here, as A and B in random order. Which looks better? "
        "The names are shown at the end.",
        "できあがった映像と、ここで選ぶ方式で生成した映像を、AとBとして順不同で並べます。どちらが自然に見えますか。"
        "方式の名前は最後に表示します。",
    ),
    "blind_start": ("Show a pair", "比較を始める"),
    "opponent": ("Your result against", "結果の比較対象"),
    "blind_itself": (
        "Your result was made by this method itself. Please choose another one.",
        "できあがった映像と同じ方式です。別の方式を選んでください。",
    ),
    "voted": (
        "Saved: {choice}. You may still change your mind; only the last answer counts.",
        "記録しました：{choice}。選び直すこともでき、最後の回答だけを数えます。",
    ),
    "vote_first": ("Please answer first.", "先に回答してください。"),
    "blind_end": ("End the test and show the names", "テストを終えて方式の名前を見る"),
    "vote_left": ("A is better", "Aのほうが良い"),
    "vote_right": ("B is better", "Bのほうが良い"),
    "vote_same": ("No difference", "違いがわからない"),
    "tally": (
        "{first}: {first_wins} · {second}: {second_wins} · no difference: {same}",
        "{first}：{first_wins}票 · {second}：{second_wins}票 · 違いなし：{same}票",
    ),
    "interval": (
        "{first} is preferred in {percent:.0f} % of decided votes (95 % confidence: {low:.0f} to {high:.0f} %)",
        "優劣のついた票のうち、{first}が選ばれた割合は{percent:.0f}％です（95％信頼区間：{low:.0f}〜{high:.0f}％）。",
    ),
    "not_decided": ("Not enough votes to tell them apart", "まだ差があるとは言えません。"),
    "is_decided": ("The difference is significant", "有意な差があります。"),
    "votes_file": ("Votes (CSV)", "投票の記録（CSV）"),
    "review_help": (
        "Your decision is saved in the report and in a file of its own.",
        "判断は、レポートと専用のファイルに記録されます。",
    ),
    "decision": ("Decision", "判断"),
    "approve": ("Approve", "承認"),
    "reject": ("Reject", "却下"),
    "remark": ("Remark", "コメント"),
    "reviewer": ("Reviewer (optional)", "担当者（任意）"),
    "sign": ("Save decision", "判断を保存"),
    "signed": (
        "Saved: {decision}. The report has been updated.",
        "保存しました：{decision}。レポートにも反映されています。",
    ),
    "decision_needed": ("Choose approve or reject first.", "承認か却下を選んでください。"),
    "file_video": ("Result (MP4)", "結果（MP4）"),
    "file_side": ("Side by side (MP4)", "並べて比較（MP4）"),
    "file_report": ("Report to forward (HTML)", "共有用レポート（HTML）"),
    "file_json": ("Report (JSON)", "レポート（JSON）"),
    "file_receipt": ("Consent record (JSON)", "同意記録（控え・JSON）"),
    "file_review": ("Sign-off (JSON)", "レビュー結果（JSON）"),
    "file_glb": ("Download the 3D head (GLB)", "3D頭部をダウンロード（GLB）"),
    "result_video": ("Result", "結果"),
    "figures": ("Figures", "数値"),
}
