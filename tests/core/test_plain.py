"""Text of unknown origin is shown as text."""

import pytest

from core.plain import plain


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "![x](http://127.0.0.1/x.png)",
        "[x](javascript:alert(1))",
        "# heading",
        "**bold** _slanted_ ~~struck~~",
        ":red[x] :material/home: :smile:",
        "$x^2$",
        "| a | b |",
        "`code` and `[x](y)",
        "``` [x](y) ```",
        "&lt;b&gt;",
        "\\[x](y)",
        "1. one",
    ],
)
def test_nothing_in_it_is_markup(hostile: str) -> None:
    shown = plain(hostile)
    outside = "".join(part for place, part in enumerate(shown.split("`")) if not place % 2 or "\\`" in shown)
    for place, letter in enumerate(outside):
        if letter in "<>[]*$:~|&":
            assert outside[place - 1] == "\\", (letter, shown)
    assert not shown.lstrip().startswith(("#", "-", "+", "1."))
    assert shown.replace("\\", "").replace("\u200b", "") == hostile.replace("\\", "")


def test_misfits_own_words_stay_as_they_are() -> None:
    said = "Run `python -m core fetch`, or set FASHION_MNIST_DIR (28×28, at most 5 %)."
    assert plain(said) == said


def test_it_is_one_line_and_no_link() -> None:
    assert plain("a\nb\r\x00c") == "a b  c"
    for address in ("http://example.org", "https://example.org", "www.example.org", "a@example.org"):
        assert address not in plain(f"see {address}")
