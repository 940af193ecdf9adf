"""Overview: what Misfit does, on one live example; how good it is; how the two GANs work; what to try next."""

import streamlit as st

from core.store import checkpoints, model_cards
from core.study.published import DECK
from pages.overview import diagram, example, gauge
from pages.overview.gauge import Mark
from pages.parts import charts, models, tour, trouble
from pages.parts.link import class_name
from pages.parts.models import Chosen

state = st.session_state
normal = class_name(state["normal"])


def supervised_cnn() -> float | None:
    """The ceiling: the CNN's measured AUROC for this class, mean over seeds, when it has been measured. Raises MisfitError."""
    from core.study import figures, results  # and pandas, once the page has begun to show

    return figures.auroc(results.read(), "supervised CNN", "seen", state["normal"])


@st.dialog("Model card", width="large", icon=":material/description:")
def model_card(gan: Chosen) -> None:
    text = model_cards.markdown([gan.checkpoint], level=3)
    st.markdown(text)
    st.download_button(
        "Download the model card",
        text,
        f"model-card-{gan.checkpoint.card.model}-{gan.checkpoint.task.normal}.md",
        "text/markdown",
        icon=":material/download:",
    )


def headline(gan: Chosen, ceiling: float | None) -> None:
    """One GAN's test AUROC on a scale from guessing to perfect, with what it is to be held against."""
    card, seen = gan.checkpoint.card, gan.checkpoint.task.regime == "seen"
    area, low, high = card.test.auroc, card.test.auroc_low, card.test.auroc_high
    st.metric(
        f"{gan.title}, test AUROC",
        f"{area:.3f}",
        help="The chance that a random anomaly scores higher than a random normal image, over the whole test split. "
        "0.5 is guessing, 1 is perfect.",
    )
    marks = [Mark(area, "●", "this model")]
    if card.model in DECK and gan.checkpoint.folder == checkpoints.shipped(card.model, "t-shirt"):
        marks.append(Mark(DECK[card.model], "◆", "the slide deck it started from", above=True))
    if seen and ceiling:
        marks.append(Mark(ceiling, "▼", "supervised CNN", above=True))
    st.html(
        gauge.STYLE
        + gauge.html(marks, 0.5, 1.0, ("0.5, guessing", "1, perfect"), (low, high, charts.MODELS[card.model]))
    )
    st.caption(
        f"95 % interval {low:.3f}–{high:.3f} (the bar), **{gan.regime}** regime, normal: {class_name(gan.checkpoint.task.normal)}."
    )
    if st.button(
        "Model card",
        icon=":material/description:",
        key=f"card_{card.model}",
        help=f"The {gan.title}: what it is for, what it was trained and tested on, its figures and its limits.",
    ):
        model_card(gan)


st.markdown(
    f"One class of Fashion-MNIST is **normal**, here **{normal}**. Everything else is an **anomaly**. Two GANs "
    "learn to redraw normal garments well and all others badly; how badly an image is redrawn is its **anomaly score**. Think "
    "of a packing line that lets only fresh apples through: where to set the bar is a choice, and Misfit lets you make it "
    "with the images and the costs in view."
)
if state.get("_tour") is None:
    st.button(
        "Take the tour",
        icon=":material/tour:",
        on_click=tour.start,
        help="Five steps through the pages, with one thing to do on each. It can be ended at any time.",
    )

gans: list[Chosen] = []
with trouble.told():
    gans = models.trained_gans()
if gans:
    example.show(gans)
elif not any(models.of(name, state["normal"]) for name in models.MODEL_NAMES) and not models.damaged(state["normal"]):
    st.info(
        f"No GAN has been trained yet with {normal} as the normal class. Choose another class in the sidebar, or train one.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train/page.py", label="Train it", icon=":material/model_training:")

if gans:
    st.subheader("How good they are", anchor=False)
    ceiling = None
    with trouble.told():
        ceiling = supervised_cnn()
    for column, gan in zip(st.columns(len(gans)), gans, strict=True):
        with column.container(border=True):
            headline(gan, ceiling)
if any(gan.checkpoint.task.regime == "seen" for gan in gans):
    st.caption(
        ":material/info: *Seen* means that labelled anomalies of the same nine classes were in training: a supervised figure, "
        "to be compared with a classifier's, such as the supervised CNN, not with methods that never see an anomaly."
    )

st.subheader("Traditional GAN: the baseline", anchor=False)
st.markdown(
    "Fully connected networks and one kind of loss, the mean squared error (MSE): normal images should come out as themselves, "
    "anomalies as their own negative. Its known limit: noisy reconstructions."
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
    ("results", "Results", "table_chart", "Every figure measured, beside simpler methods and published ones."),
):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(f"pages/{path}/page.py", label=f"**{label}**", icon=f":material/{icon}:", width="content")
        st.markdown(what)
