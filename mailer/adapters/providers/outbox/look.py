"""How the outbox's pages look: one marigold board, then print on paper."""

import html
from datetime import datetime

# Nothing is loaded and nothing runs, whatever a message says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1e1712;--soft:#5f564d;--hair:#dad3c8;
--board:#ffd054;--petal:#f3a81d;--on:#1e1712;--focus:#0b5a4c}
@media(prefers-color-scheme:dark){:root{--paper:#1a1613;--ink:#f5f0e8;--soft:#bbb1a6;
--hair:#463d35;--board:#edb740;--petal:#cf8a17;--focus:#7fd0bc}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/24px -apple-system,
BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
a{color:inherit;text-decoration:underline;text-underline-offset:3px}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.board{background:var(--board);color:var(--on);border-bottom:8px solid var(--petal);
padding:26px max(32px,calc(50% - 448px)) 22px}
.board p,.board h1{overflow-wrap:anywhere}.board p{margin:0;font-size:15px}.board p:first-child{font-weight:700}
.board h1{margin:26px 0;font-size:54px;line-height:52px;font-weight:900;
letter-spacing:-1.5px}.board h1.long{font-size:34px;line-height:36px;letter-spacing:-.5px}
.board :focus-visible{outline-color:var(--on)}
main{max-width:960px;margin:0 auto;padding:0 32px 44px}
section{margin-top:44px;border-top:6px solid var(--ink);padding-top:12px}
h2{margin:0;font-size:28px;line-height:32px;font-weight:900;letter-spacing:-.5px}
.soft{color:var(--soft);font-size:15px;line-height:22px;margin:4px 0 0}
table{width:100%;border-collapse:collapse;margin-top:18px;font-size:15px;line-height:22px;
font-variant-numeric:tabular-nums}
th{text-align:left;border-bottom:2px solid var(--ink);padding:0 12px 6px 0}
td{border-bottom:1px solid var(--hair);padding:11px 12px 11px 0;vertical-align:top;
overflow-wrap:anywhere}
td b{font-size:16px}td.n,th.n{text-align:right;white-space:nowrap;padding-right:0}
td.n+td.n,th.n+th.n{padding-left:18px}
.more{margin:18px 0 0;font-weight:700}
nav{margin-top:28px;display:flex;flex-wrap:wrap;gap:4px;font-variant-numeric:tabular-nums}
nav a,nav b{min-width:44px;line-height:44px;padding:0 8px;text-align:center}
nav b{background:var(--board);color:var(--on)}
@media(max-width:720px){.board{padding:26px 20px 22px}.board h1{font-size:42px;
line-height:42px;letter-spacing:-1px}.board h1.long{font-size:28px;line-height:32px}
main{padding:0 20px 44px}thead{position:absolute;clip-path:inset(50%)}
tr{display:grid;grid-template-columns:1fr auto;border-bottom:1px solid var(--hair);
padding:11px 0}td,td.n,td.n+td.n{border:0;padding:0}td:nth-child(2){grid-row:2;
grid-column:1/-1}td:nth-child(3){grid-row:3;color:var(--soft);text-align:left}
td.n:nth-child(4){grid-row:1;grid-column:2}td.n+td.n:nth-child(4){padding-left:12px}}
.view{display:grid;grid-template:auto auto 1fr/repeat(3,max-content) minmax(0,1fr);height:100vh}
.view header{grid-column:1/-1;min-width:0;padding:12px 20px 8px;border-top:8px solid var(--board)}
.view header p{margin:0;font-size:15px;overflow-wrap:anywhere}
.view h1{margin:2px 0;overflow-wrap:anywhere;font-size:22px;line-height:28px;font-weight:900}
.view input{position:absolute;opacity:0}
.view label{padding:0 14px;line-height:44px;font-weight:700;cursor:pointer;
grid-row:2}.view label:first-of-type{margin-left:2px}
.view input:checked+label{background:var(--board);color:var(--on)}
.view input:focus-visible+label{outline:3px solid var(--focus);outline-offset:-3px}
.view iframe,.view pre{grid-row:3;grid-column:1/-1;width:100%;height:100%;margin:0;
border:0;border-top:2px solid var(--ink)}.view iframe{background:var(--paper)}
.view pre{display:none;overflow:auto;padding:22px max(20px,calc(50% - 330px));
white-space:pre-wrap;overflow-wrap:anywhere;font:16px/24px ui-monospace,Menlo,Consolas,
'DejaVu Sans Mono',monospace}
#phone:checked~iframe{width:min(379px,100%);margin:0 auto;border:2px solid var(--ink);
border-width:2px 2px 0}
#plain:checked~iframe{display:none}#plain:checked~pre{display:block}
"""


CLOSING = "</body>\n</html>\n"


def opening(*, title: str, look: str) -> str:
    """Return a page up to its body; `look` is "list" or "view"."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n"
        f'<body class="{look}">'
    )


def moment(date: datetime) -> str:
    """Say a date and time in English, in the date's own zone."""
    return f"{date:%A}, {date:%B} {date.day}, {date.year}, {date:%H:%M} {date.tzname()}"


def counted(number: int, thing: str) -> str:
    """Say how many: "1 message", "1,902 messages"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def size(octets: int) -> str:
    """Say how large, in kB or MB."""
    kilo = octets / 1000
    return f"{kilo:,.0f} kB" if kilo < 1000 else f"{kilo / 1000:,.1f} MB"
