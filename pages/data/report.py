"""The check as a page: how many photos of each class are in each split, and what was found, worst first."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.basics.text import as_line, plain
from core.data.idx_folder import slug
from core.data.photos import stored
from core.data.photos.division import SPLITS
from core.data.photos.findings import Finding, count
from core.data.photos.stored import Entry
from pages.parts import style, thumbnails

SHOWN = 24  # pictures in one row of thumbnails; the CSV file has all names
LISTED = 200  # names of files that could not be read
# By severity: a sign and a word before the sentence, because colour alone says nothing.
SEVERITIES = {
    "error": (":material/error:", "Must be put right."),
    "warning": (":material/warning:", "Look at this."),
    "note": (":material/info:", "Good to know."),
}
SPLIT_HELP = {
    "train": "The model learns from these",
    "validation": "Held back from training; the threshold is chosen on these",
    "test": "Choose nothing; figures are measured on these",
}


def show(
    entries: Sequence[Entry], kinds: Sequence[str], findings: Sequence[Finding], images: np.ndarray, key: str
) -> None:
    """Draw the table of the split and the findings. `images` [N, …] are in the order of `entries`; `key` names the widgets."""
    st.markdown(_verdict(findings))
    counts = stored.counts(entries, kinds)
    columns = [
        ("Class", "The folder, or the kind of defect"),
        *((_title(split), SPLIT_HELP[split]) for split in SPLITS),
        ("All", ""),
    ]
    rows = [
        (as_line(kind), *(f"{splits[split]:,}" for split in SPLITS), f"{sum(splits.values()):,}")
        for kind, splits in counts.items()
    ]
    style.table("Photos by class and split", columns, rows)
    st.caption(
        "Which photo goes where follows from its content alone: the same photos are always divided alike, and later ones move no earlier one."
    )
    places = {entry.photo.path: place for place, entry in enumerate(entries)}
    for number, finding in enumerate(findings):
        icon, word = SEVERITIES[finding.severity]
        text = f"**{word}** {plain(finding.text)}"
        if finding.severity == "note":
            st.markdown(f"{icon} {text}")
        else:
            (st.error if finding.severity == "error" else st.warning)(text, icon=icon)
        if finding.files:
            _files(finding, places, images, f"{key}_finding_{number}")


def _verdict(findings: Sequence[Finding]) -> str:
    """Say in one sentence what the findings come to."""
    errors, warnings = (sum(finding.severity == name for finding in findings) for name in ("error", "warning"))
    if errors:
        return (
            f":material/error: **These photos cannot be trained on yet.** {count(errors, 'thing')} must be put right."
        )
    if warnings:
        return f":material/check: **These photos can be trained on.** {count(warnings, 'thing')} should be looked at first."
    return ":material/check: **These photos can be trained on.** Nothing is wrong with them."


def _title(split: str) -> str:
    return {"train": "Training"}.get(split, split.capitalize())


def _files(finding: Finding, places: dict[str, int], images: np.ndarray, key: str) -> None:
    """Show the files of a finding when they are asked for: pictures of those that could be read, names of the others."""
    title = f"Show {'the file' if len(finding.files) == 1 else f'the {len(finding.files):,} files'}"
    with st.expander(title, key=key, on_change="rerun") as opened:
        if not opened.open:
            return
        readable = [path for path in finding.files if path in places]
        others = [path for path in finding.files if path not in places]
        if readable:
            thumbnails.show([(path, images[places[path]]) for path in readable[:SHOWN]], plain(finding.text))
        if len(readable) > SHOWN:
            st.caption(f"and {count(len(readable) - SHOWN, 'more photo')}: " + plain(", ".join(readable[SHOWN:LISTED])))
        if others:
            st.caption(plain(", ".join(others[:LISTED])) + ("…" if len(others) > LISTED else ""))


def offer_split(entries: Sequence[Entry], kinds: Sequence[str], name: str, key: str) -> None:
    """Offer a CSV file that says which photo went where."""
    st.download_button(
        "Which photo went where (CSV)",
        data=lambda: stored.as_csv(entries, kinds),
        file_name=f"{slug(name) or 'photos'}-split.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{key}_split",
        on_click="ignore",
        help="Every photo with its class, its split, the number of its group of near copies, and its checksum.",
    )


def by_split(entries: Sequence[Entry], kinds: Sequence[str], images: np.ndarray, key: str) -> None:
    """Show photos of one split at a time, the classes one below the other."""
    split = st.segmented_control(
        "Photos of",
        SPLITS,
        format_func=_title,
        default=SPLITS[0],
        required=True,
        key=f"{key}_shown_split",
        help=" ".join(f"**{_title(split)}**: {text.lower()}." for split, text in SPLIT_HELP.items()),
    )
    for label, kind in enumerate(kinds):
        own = [place for place, entry in enumerate(entries) if entry.split == split and entry.photo.label == label]
        if own:
            more = f", {SHOWN} of them shown" if len(own) > SHOWN else ""
            st.caption(f"**{plain(kind)}**: {count(len(own))}{more}")
            some = [own[place * len(own) // SHOWN] for place in range(SHOWN)] if more else own
            thumbnails.show([(entries[place].photo.path, images[place]) for place in some], f"{kind}, {split}")
