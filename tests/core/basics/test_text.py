"""Text of unknown origin is shown as text."""

import pandas as pd
import pytest

from core.basics.text import as_csv, cell, folded, percent, plain, signed


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


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1).png", "+1+1", "-2+3", "@SUM(A1)", " =1+1", "\t=1", "\r=1", "\uff1d1+1", "-photo.png", "=", "-"],
)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["boot.png", "-1.5", "+3", "1e-05", "", "a=b", "dcgan-t-shirt", "0.25"])
def test_other_cells_of_a_csv_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_a_table_as_csv_keeps_every_digit_and_defuses_its_texts() -> None:
    table = pd.DataFrame({"file": ["=A1.png", 'a"b,c.png'], "score": [0.1, -1 / 3], "@note": ["", None]})
    assert as_csv(table).decode() == ('file,score,\'@note\n\'=A1.png,0.1,\n"a""b,c.png",-0.3333333333333333,\n')


def test_a_share_as_a_percentage_and_a_dash_where_there_is_none() -> None:
    assert [percent(0.05), percent(0.9954, 2), percent(1, 0)] == ["5.0 %", "99.54 %", "100 %"]
    assert [percent(None), percent(float("nan"))] == ["–", "–"]


def test_a_minus_sign_is_no_hyphen() -> None:
    assert [signed(-0.0123), signed(0.5), signed(0.5, "+.1f")] == ["\u22120.012", "0.500", "+0.5"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("part torn", "Part_Torn!", True),
        ("Größe", "GRÖSSE", True),
        ("e\u0301claté", "Éclaté", True),
        ("ırgat", "Irgat", True),
        ("царапина", "вмятина", False),
        ("!!", "??", False),
    ],
)
def test_names_are_compared_without_capitals_and_signs_in_any_script(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) == same
