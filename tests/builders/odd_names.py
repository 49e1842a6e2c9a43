"""Names of files that a file system accepts and people trip over: bytes of GBK, control characters, reserved names."""

from __future__ import annotations

import random

ODD_NAMES = [
    *("合成.csv".encode("gbk"), b"\xff\xfe.csv", "合成".encode("big5") + b".xlsx", b"a\xf0\x9f.csv"),
    *(b"line\nbreak.csv", b"tab\t.csv", b"\x1b[2J.csv", b"\x1b]0;title\x07.csv", b"bell\x07.csv", b"\r\x7f.csv"),
    *("\u202evsc.exe".encode(), "\u2066a\u2069.csv".encode(), "a\u2028b.csv".encode(), "\x9b2J.csv".encode()),
    *(
        b"con.csv",
        b"NUL",
        b"aux.csv",
        b"COM1.xlsx",
        b"lpt9.csv",
        b"a:b.csv",
        b"a<b>.csv",
        b"a|b?.csv",
        b"back\\slash.csv",
    ),
    *(b" .csv", b"trailing. ", b"dot.", b"x" * 251 + b".csv", ("长" * 83).encode() + b".csv", b"-rf", b"--help", b"*"),
    *(
        b"=cmd|' /C calc'!A0.csv",
        b"<script>alert(1)</script>.csv".replace(b"/", b"_"),
        b"%s%n.csv",
        b"{0}.csv",
        b"[red].csv",
    ),
    *(b"'; drop table x.csv", b'"quoted".csv', b"$(x).csv", b"`x`.csv", "e\u0301.csv".encode(), "\u00e9.csv".encode()),
]


def odd_names(count: int) -> list[bytes]:
    """The known odd names, and random bytes that a file system accepts."""
    chance, names = random.Random(18), dict.fromkeys(ODD_NAMES)
    while len(names) < count:
        name = bytes(chance.choice([*range(1, 47), *range(48, 256)]) for _ in range(chance.randint(1, 40)))
        names[name + chance.choice([b"", b".csv", b".xlsx"])] = None
    return [name for name in names if not name.startswith((b".", b"~$"))]
