"""Text of unknown origin (a card, a file name, an address) shown as plain text: never as markdown, HTML, a link or a
spreadsheet formula. Also names compared, tables, in markdown and as CSV, shares as percentages, and minus signs.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# What can start Streamlit markup: emphasis, code, links, pictures, HTML, tables, maths, colours, icons, emoji.
_MARKS = re.compile(r"[\\*\[\]<>$:~|&]|(?<![^\W_])_|_(?![^\W_])|^\s*[-+#=]|!(?=\[)|^\s*\d+[.)]")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)  # where plain text would become a link
# The start of a spreadsheet formula, also in full width.
_FORMULA = re.compile(r"\s*[-=+@\uff0d\uff1d\uff0b\uff20]|[\t\r\n]")
_NO_WIDTH = "\u200b"
LONGEST_LINE = 200  # letters of a text on a card


def is_line(text: str) -> bool:
    """Tell whether `text` is one printable line of at most LONGEST_LINE letters."""
    return len(text) <= LONGEST_LINE and text.isprintable()


def as_line(text: object, longest: int = LONGEST_LINE) -> str:
    """Make one printable line of `text`, cut to `longest` letters."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text)[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"


def folded(name: str) -> str:
    """Return what equal names have in common: they may differ in capitals, blanks and signs, in any script.

    The first letter is made a capital first, as pages show it: Turkish ı becomes I there.
    """
    shown = unicodedata.normalize("NFKC", name[:1].upper() + name[1:])
    return re.sub(r"[\W_]+", " ", shown.casefold()).strip() or name


def plain(text: object) -> str:
    """Return one line of markdown that shows `text` letter by letter; `code` in Misfit's own messages stays code."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    parts = line.split("`")
    if len(parts) % 2 == 0 or "``" in line:  # without pairs of backticks around words, no code is meant
        return _escaped(line).replace("`", r"\`")
    return "`".join(part if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    marked = _MARKS.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], text)
    return _LINKS.sub(_NO_WIDTH, marked)


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in markdown; every cell is markdown already."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows])


def cell(text: str) -> str:
    """Return `text` as a CSV cell that no spreadsheet takes for a formula: such a text gets an apostrophe in front.

    Numbers stay as they are.
    """
    try:
        float(text)
    except ValueError:
        return f"'{text}" if _FORMULA.match(text) else text
    return text


def as_csv(table: "pd.DataFrame") -> bytes:
    """Return a table as a CSV file for spreadsheets, without its index.

    Headings and texts are made safe by `cell`; numbers keep every digit.
    """
    safe = table.map(lambda value: cell(value) if isinstance(value, str) else value)
    return safe.rename(columns=cell).to_csv(index=False, lineterminator="\n").encode()


def shortest(values: "np.ndarray") -> "np.ndarray":
    """Return float32 values [N] as float64 with the fewest digits that give the same float32 back: 0.1, not 0.10000000149."""
    return values.astype("float32").astype(str).astype(float)


def several(values: Iterable[object], between: str = "; ") -> str:
    """Join the different values, once each, in order."""
    return between.join(dict.fromkeys(str(value) for value in values))


def are_missing(names: Sequence[str]) -> str:
    """Say that one or two names are missing: "A is missing", "A and B are missing"."""
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share 0…1 as a percentage: 0.05 as "5.0 %"; a dash for None or nan."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.{digits}f} %"


def signed(value: float, form: str = ".3f") -> str:
    """Write a number with a minus sign that is no hyphen; `form` as for format(): "+.3f" writes a plus sign, too."""
    return f"{value:{form}}".replace("-", "−")


def span(values: list[float], digits: int) -> str:
    """Write the lowest and the highest value, or the one when both look equal."""
    low, high = f"{min(values):,.{digits}f}", f"{max(values):,.{digits}f}"
    return low if low == high else f"{low} to {high}"
