"""How well the models see defects: a table by method, and a chart by kind of damage for a class and a size."""

import pandas as pd
import streamlit as st

from core.basics.text import as_csv
from core.data import damage
from core.data.fashion_mnist import FASHION_MNIST
from core.study import defect_reporting, figures, results
from pages.parts import charts, style, trouble
from pages.results import plots

FASHION = FASHION_MNIST.description
EVERY = "every"
HEADS = [
    ("Method", ""),
    ("Regime", "What the GAN was trained with; “no training” for a map that is computed from normal training images."),
    *((head, about) for head, (_, about) in defect_reporting.DEFECTS.items()),
    ("Classes", "How many normal classes are measured."),
    ("Seeds", "How many trainings there are of a class."),
]


@st.fragment
@trouble.told()
def show() -> None:
    """Draw the section, or say that no defect is measured yet. Raises MisfitError for a damaged defects.csv."""
    rows = results.read_defects()
    st.subheader("Defects", anchor=False)
    st.markdown(
        "Does a model see what is wrong with an otherwise normal image, and where? " + defect_reporting.DEFECTS_ABOUT
    )
    rows = rows[rows["variant"] == ""]
    if rows.empty:
        st.info("No defect has been measured yet. `python -m core results` does.", icon=":material/healing:")
        return
    if sentence := defect_reporting.defects_sentence(rows):
        st.markdown(sentence)
    normal, size, figure = _choices(rows)
    lines = figures.defect_table(rows, normal=normal, size=size)
    if lines.empty:
        st.info("No defect of this class and size has been measured yet.", icon=":material/healing:")
        return
    style.table(f"Defects, {_title(normal, size)}", HEADS, defect_reporting.defect_cells(lines)[1], words=(0, 1))
    column = defect_reporting.DEFECTS[figure][0]
    by_kind = figures.defect_table(rows, "kind", normal, size)
    charts.show(
        plots.defects(by_kind, column, figure),
        "defects",
        f"{figure} of each method for each kind of damage, {_title(normal, size)}; the download has the numbers.",
    )
    st.download_button(
        "Download defects.csv",
        as_csv(pd.read_csv(results.DEFECTS, dtype=str, keep_default_na=False)),  # the file's own digits
        f"{FASHION.key}-defects.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="The figures of each training, class, kind and size of damage, one row each.",
    )


def _choices(rows: pd.DataFrame) -> tuple[str | None, str | None, str]:
    """Draw the choices; return the class (None: all), the size (None: all) and the heading of the figure to plot."""
    measured = [name for name in FASHION.classes if (rows["normal"] == name).any()]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        normal = st.selectbox(
            "Normal class",
            [EVERY, *measured],
            format_func=lambda name: "Mean of the classes" if name == EVERY else FASHION.class_name(name),
            key="defects_normal",
            help="Whose test images are damaged. A mean has the classes measured so far; the table says how many.",
            width=240,
        )
        size = st.segmented_control(
            "Size of the defect",
            [EVERY, *damage.SIZES],
            default=EVERY,
            format_func=lambda name: "Mean" if name == EVERY else name.capitalize(),
            required=True,
            key="defects_size",
            help="Small, medium and large are about a twentieth, a tenth and a sixth of the image's side for a hole or a stain; other kinds "
            "have sizes of their own.",
        )
        figure = st.segmented_control(
            "Figure in the chart",
            list(defect_reporting.DEFECTS),
            default="Hit",
            required=True,
            key="defects_figure",
            help="Which figure the chart shows; the table has them all, and below it stands what each is.",
        )
    assert size and figure  # a choice is required
    return None if normal == EVERY else normal, None if size == EVERY else size, figure


def _title(normal: str | None, size: str | None) -> str:
    return f"{FASHION.class_name(normal) if normal else 'mean of the classes'}, {size or 'mean of the sizes'}"
