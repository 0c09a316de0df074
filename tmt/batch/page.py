"""A batch as one page to look through: its videos in their folder beside it, pictures inside, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from tmt.batch.jobs import Outcome, Pair
from tmt.errors import Language
from tmt.report_html import data_uri
from tmt.report_words import word
from tmt.types import Array

# key -> (English, Japanese)
WORDS: dict[str, tuple[str, str]] = {
    "title": ("Motion transfer: all results", "動き転写：結果一覧"),
    "counts": (
        "{done} of {count} ready, {failed} failed, {waiting} not done yet.",
        "全{count}件：完了{done}、失敗{failed}、未処理{waiting}。",
    ),
    "done": ("Ready", "完了"),
    "skipped": ("Ready (from an earlier run)", "完了（前回作成分）"),
    "failed": ("Failed", "失敗"),
    "waiting": ("Not done yet", "未処理"),
    "tracked": ("Face followed in {percent:.0f}% of {frames} frames", "{frames}フレーム中{percent:.0f}%で顔を追跡"),
    "seconds": ("{seconds:.0f} s of computing", "計算時間{seconds:.0f}秒"),
    "video": ("Video", "動画"),
    "side_by_side": ("Side by side", "並べて比較"),
    "report": ("Report", "レポート"),
}
STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", sans-serif; color: #1e293b;
  max-width: 1200px; margin: 2rem auto; padding: 0 1rem; background: #fff; }
h1 { font-size: 1.5rem; margin: 0; } .ai { border-left: 4px solid #4f46e5; padding: .5rem .75rem; background: #eef2ff; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 16px; }
article { border: 1px solid #e2e8f0; border-radius: 8px; padding: 12px; overflow-wrap: anywhere; }
video { width: 100%; aspect-ratio: 1; object-fit: contain; background: #0f172a; border-radius: 4px; }
h2 { font-size: 1rem; margin: .5rem 0 .25rem; } p { margin: .25rem 0; font-size: .875rem; color: #475569; }
.done b, .skipped b { color: #047857; } .failed b, .why { color: #b91c1c; } a { margin-right: .75rem; }
"""


def html_page(
    pairs: Sequence[Pair], outcomes: Mapping[Pair, Outcome], posters: Mapping[Pair, Array], language: Language
) -> str:
    """The whole page: every pair in the order of its table, with what became of it so far."""
    failed = sum(outcome.status == "failed" for outcome in outcomes.values())
    counts = _said("counts", language, count=len(pairs), done=len(outcomes) - failed, failed=failed,
                   waiting=len(pairs) - len(outcomes))  # fmt: skip
    title = _said("title", language)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}'
    cards = "\n".join(_card(pair, outcomes.get(pair), posters.get(pair), language) for pair in pairs)
    return (
        f'<!doctype html>\n<html lang="{language}"><head>{head}</title><style>{STYLE}</style></head>\n<body>\n'
        f"<h1>{title}</h1>\n<p>{counts}</p>\n"
        f'<p class="ai"><strong>AI生成 / AI-generated</strong><br>{escape(word("generated", language))}</p>\n'
        f"<main>\n{cards}\n</main>\n</body></html>\n"
    )


def _card(pair: Pair, outcome: Outcome | None, picture: Array | None, language: Language) -> str:
    """One pair: its video where there is one, its clips, and how it went."""
    status = "waiting" if outcome is None else outcome.status
    lines = [f"<h2>{escape(pair.subject.name)} ← {escape(pair.driving.name)}</h2>"]
    lines.append(f"<p><b>{_said(status, language)}</b>{_figures(outcome, language)}</p>")
    if outcome is not None and outcome.error is not None:
        lines.append(f'<p class="why">{escape(outcome.error.text(language))}</p>')
    elif outcome is not None:
        lines.insert(0, _player(pair, picture))
        lines.append(f"<p>{_links(pair, language)}</p>")
    return f'<article class="{status}">{"".join(lines)}</article>'


def _player(pair: Pair, picture: Array | None) -> str:
    poster = "" if picture is None else f' poster="{data_uri(picture)}"'
    return f'<video controls playsinline preload="none"{poster} src="{_address(pair.output)}"></video>'


def _figures(outcome: Outcome | None, language: Language) -> str:
    """How much of the driving clip was followed, and how long it took."""
    if outcome is None or outcome.tracked is None:
        return ""
    told = [_said("tracked", language, percent=100 * outcome.tracked, frames=outcome.frames)]
    told += [_said("seconds", language, seconds=outcome.seconds)] if outcome.seconds else []
    return "".join(f"<br>{text}" for text in told)


def _links(pair: Pair, language: Language) -> str:
    files = pair.files(pair.subject.parent)  # the folder does not matter: the page lies beside them
    return "".join(f'<a href="{_address(path.name)}">{_said(role, language)}</a>' for role, path in files.items())


def _address(name: str) -> str:
    """A file beside the page as a relative URL; `./`, since a name may hold what would be taken for a protocol."""
    return "./" + quote(name, errors="surrogateescape")


def _said(key: str, language: Language, **values: object) -> str:
    """One text of the page, filled in."""
    return escape(WORDS[key][1 if language == "ja" else 0].format(**values))
