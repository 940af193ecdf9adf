"""Browse: every test image with its score and outcome, in five sections; an opened image is shown through both GANs.

Everything but reconstructions and defects comes from stored scores, without torch.
"""

import numpy as np
import streamlit as st

from pages.browse import gallery, latent, lessons, look, opened
from pages.parts import trouble
from pages.parts.fields import SECTIONS

LABELS = {
    "gallery": ":material/grid_view: Gallery",
    "defects": ":material/healing: Defects",
    "lessons": ":material/school: Misleading ones",
    "by-class": ":material/category: Classes",
    "map": ":material/scatter_plot: Latent map",
}

at = look.take()
section = st.segmented_control(
    "Section",
    SECTIONS,
    format_func=LABELS.__getitem__,
    key="section",
    persist_state="session",
    required=True,
    label_visibility="collapsed",
)
order, of = np.empty(0, int), "the images that the filters leave"
with trouble.told():
    if section == "lessons":
        order, of = lessons.show(at), "these"
    elif section == "defects":
        from pages.browse import defects  # imports scipy, which only this section needs

        order = defects.show(at)
    elif section == "by-class":
        from pages.browse import by_class  # imports plotly, which only this section needs

        by_class.show(at)
    elif section == "map":
        order = latent.show(at)
    else:
        order = gallery.show(at)

if st.session_state.get("image") is not None:
    if section == "defects" and st.session_state["image"] in order:
        defects.open_damaged(at, order)
    else:
        opened.show(at, order, of)
