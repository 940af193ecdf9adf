"""Overview: what Misfit is, how the two GANs work, the headline figures."""

import streamlit as st

from core import checkpoints
from core.errors import MisfitError
from pages.overview import diagram
from pages.parts import models
from pages.parts.link import class_name

DECK = {"traditional": 0.8699, "dcgan": 0.8993}  # the slide deck this project started from, T-shirt/top normal
state = st.session_state


def supervised_cnn() -> float | None:
    """The ceiling: the CNN's measured AUROC for this class, mean over seeds, when it has been measured."""
    from core import results  # and pandas, once the page has begun to show

    try:
        rows = results.read()
    except MisfitError:  # the Results page says what is wrong with the file
        return None
    here = rows[(rows["method"] == "supervised CNN") & (rows["normal"] == state["normal"])]
    return float(here["auroc"].mean()) if len(here) else None


st.title("Find the garment that does not belong")
st.markdown(
    f"One class of Fashion-MNIST is **normal**, here **{class_name(state['normal'])}**. Everything else is an **anomaly**. Two GANs "
    "learn to redraw normal garments well and all others badly; how badly an image is redrawn is its **anomaly score**. Think "
    "of a packing line that lets only fresh apples through: where to set the bar is a choice, and Misfit lets you make it "
    "with the images and the costs in view."
)

gans = models.trained_gans()
if not gans:
    st.info(
        f"No GAN has been trained yet with {class_name(state['normal'])} as the normal class. Choose another class in the "
        "sidebar, or train one.",
        icon=":material/model_training:",
    )
columns = st.columns(2)
for column, gan in zip(columns, gans, strict=False):
    card = gan.checkpoint.card
    with column.container(border=True):
        st.metric(
            f"{gan.title}, test AUROC",
            f"{card.test['auroc']:.3f}",
            help="The chance that a random anomaly scores higher than a random normal image, over the whole test split. "
            "0.5 is guessing, 1 is perfect.",
        )
        st.caption(
            f"95 % interval {card.test['auroc_low']:.3f}–{card.test['auroc_high']:.3f}, **{gan.regime}** regime, normal: "
            f"{class_name(gan.checkpoint.task.normal)}."
            + (
                f" The slide deck this project started from reports {DECK[card.model]:.3f}."
                if gan.checkpoint.folder == checkpoints.shipped(card.model, "t-shirt")
                else ""
            )
        )
if any(gan.checkpoint.task.regime == "seen" for gan in gans):
    st.caption(
        ":material/info: *Seen* means that labelled anomalies of the same nine classes were in training: a supervised figure, "
        "to be compared with a classifier's, not with methods that never see an anomaly."
        + (
            f" A small supervised CNN on the same images reaches {ceiling:.3f}."
            if (ceiling := supervised_cnn())
            else ""
        )
    )

st.subheader("Traditional GAN: the baseline", anchor=False)
st.markdown(
    "Fully connected networks and one kind of loss, the mean squared error (MSE). On normal images it is made small, on "
    "anomalies large. Its known limit: noisy reconstructions."
)
diagram.traditional()

st.subheader("DCGAN after Kim et al.: the strong one", anchor=False)
st.markdown(
    "Convolutions with skip connections, two discriminators that judge patches instead of the whole image, and six losses. "
    "In the paper the ABC loss does most of the separating, and the others make normal reconstructions better."
)
diagram.dcgan()

st.subheader("What to try", anchor=False)
for path, label, icon, what in (
    ("browse", "Browse", "grid_view", "Look through the test images and their reconstructions, and find the mistakes."),
    ("roc", "ROC", "show_chart", "Move the threshold and see what it catches and what it lets through."),
    ("try_it", "Try it", "draw", "Draw or upload an item of your own and see its score."),
    ("train", "Train", "model_training", "Train either GAN yourself."),
):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(f"pages/{path}/page.py", label=f"**{label}**", icon=f":material/{icon}:", width="content")
        st.markdown(what)
