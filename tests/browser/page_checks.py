"""What is wrong with a page as Chromium lays it out: each check returns the places, none where all is well.

Here: the scripts that look. Not here: which pages are opened (the tests).
"""

from __future__ import annotations

# A text in a table of which a line holds less than three characters.
NARROW_CELLS = """() => {
    const narrow = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
        if (text.length < 4 || !element.closest('td, th') || !element.checkVisibility()) continue;
        if (getComputedStyle(element).writingMode !== 'horizontal-tb') continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top))).size;
        if (lines > 1 && text.length / lines < 3) narrow.push(text);
    }
    return narrow;
}"""

# What reaches over the edge of the page, and containers that show a part of their content only.
CLIPPED = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(one => {
    if (!one.checkVisibility() || one instanceof SVGElement) return false;
    const style = getComputedStyle(one);
    if (style.clipPath !== 'none') return false;
    const hides = style.overflowX !== 'visible' && one.tagName !== 'SELECT' && one.tagName !== 'INPUT';
    return (hides && one.scrollWidth > one.clientWidth + 1)
        || one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(one => `${one.tagName}.${one.className} ${one.innerText?.slice(0, 30)}`)"""

_VISIBLE_TEXTS = """
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const isCode = element.closest('code, pre, kbd, textarea, option, .languages, script, style');
        if (element.checkVisibility() && !isCode) texts.push(walker.currentNode.data);
    }
"""

# Chinese on an English page, names in brackets apart.
CHINESE = f"""() => {{ {_VISIBLE_TEXTS}
    const chinese = /[\\u3400-\\u9fff\\uff00-\\uffef\\u3000-\\u303f]/;
    return texts.filter(text => chinese.test(text.replace(/\\([^()]*\\)/g, '')));
}}"""

# Words of English on a Chinese page; names in brackets, codes, standards, units and programs apart.
_BRACKETS, _CODES = "[(（][^()（）]*[)）]", "[a-z]+[_/\\\\.][a-z_.]+|[\\\\w-]*\\\\d[\\\\w-]*"
_SAME_IN_BOTH = "GDP|ISO|SDG|UTC|SQL|CSV|Excel|Parquet|PNG|SVG|DuckDB|AQI|Data Docs|Great Expectations"
ENGLISH = f"""() => {{ {_VISIBLE_TEXTS}
    const same = new RegExp('{_BRACKETS}|{_CODES}|\\\\b({_SAME_IN_BOTH})\\\\b', 'g');
    return texts.filter(text => /[A-Za-z]{{3,}}/.test(text.replace(same, '')));
}}"""
