"""Text of unknown origin (a card's, a file's name, an address's) as text: nothing in it is markdown, HTML or a link."""

import re

# What can begin something: emphasis, code, links, pictures, HTML, tables, maths, colours, icons and emoji of Streamlit's.
_MARKS = re.compile(r"[\\*\[\]<>$:~|&]|(?<![^\W_])_|_(?![^\W_])|^\s*[-+#=]|!(?=\[)|^\s*\d+[.)]")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)  # what becomes a link without any mark
_NO_WIDTH = "\u200b"


def plain(text: object) -> str:
    """One line of markdown that shows `text` letter by letter; `code` of Misfit's own messages stays code."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    parts = line.split("`")
    if len(parts) % 2 == 0 or "``" in line:  # not pairs of marks around a word: none is meant
        return _escaped(line).replace("`", r"\`")
    return "`".join(part if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    marked = _MARKS.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text)
    return _LINKS.sub(_NO_WIDTH, marked)
