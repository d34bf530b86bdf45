"""Texts that mean something to browsers, terminals, databases, runners or readers."""

from hypothesis import strategies as st

HOSTILE = (
    "</textarea></title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"'><svg/onload=alert(1)><a href='javascript:alert(1)'>x</a><iframe src=//x.example>",
    "Robert'); DROP TABLE note; --",
    "{{ 7 * 7 }}{% for x in () %}{{ config }}<!-- ]]> &lt;b&gt; &#60;b&#62;",
    "a\x00b\x1b[2J\x1b]0;t\x07\r\nc\x85\u2028d",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c",
    "\ud800 lone \udfff \ufffe \uffff",
    "::error file=x::y%0A::set-output name=verdict::pass\n::add-mask::x\n##[error]z",
    "| cell | [link](https://x.example) ![i](https://x.example/i.png) `code` @team #1 <b>",
)
PIECES = st.sampled_from([*HOSTILE, "::", "##[", "\n", "<", ">", "&", '"', "'", "`", "|", "\x1b"])
TEXTS = st.lists(
    st.one_of(PIECES, st.text(st.characters(codec=None), max_size=8)), min_size=1, max_size=4
).map("".join)
