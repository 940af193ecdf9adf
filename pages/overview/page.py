"""Overview: what Misfit does, on one live example; how good it is; how the two GANs work; what to try next."""

import contextlib

import streamlit as st

from core.basics.errors import CheckpointError, DataError, MisfitError
from core.basics.text import plain
from core.data.fashion_mnist import FASHION_MNIST
from core.metrics.own import Synthetic
from core.store import checkpoints, model_cards
from core.store.checkpoints import Checkpoint
from core.study.published import DECK
from pages.overview import diagram, example, gauge, story
from pages.overview.gauge import Mark
from pages.parts import charts, chosen, datasets, models, stored, tour, trained, trouble
from pages.parts.chosen import Chosen

state = st.session_state
data = datasets.description()
normal = data.class_name(state["normal"])


def opened() -> tuple[list[Chosen], list[Checkpoint]]:
    """Return (models with scores, models whose stored figures can be shown). Without test images the first is empty."""
    gans, measured, missing = [], [], {}
    for checkpoint in models.picked():
        try:
            gans.append(models.opened(checkpoint))
        except DataError as error:
            missing[str(error)] = True  # the same for both models: reported once
        except CheckpointError as error:
            st.warning(plain(error), icon=":material/warning:")
            continue
        measured.append(checkpoint)
    for problem in missing:
        st.warning(
            f"{plain(problem)} Without the test images only what is stored with a model can be shown.",
            icon=":material/image_not_supported:",
        )
    return gans, measured


def supervised_cnn() -> float | None:
    """Return the ceiling: the CNN's AUROC for this class, mean over seeds; None if not measured. Raises MisfitError."""
    if data != FASHION_MNIST.description:
        return None
    from core.study import figures, results  # imports pandas: only after the page has begun to show

    return figures.auroc(results.read(), "supervised CNN", "seen", state["normal"])


@st.dialog("Model card", width="large", icon=":material/description:")
def model_card(checkpoint: Checkpoint) -> None:
    text = model_cards.markdown([checkpoint], level=3)
    st.markdown(text)
    st.download_button(
        "Download the model card",
        text,
        f"model-card-{checkpoint.card.model}-{checkpoint.task.normal}.md",
        "text/markdown",
        icon=":material/download:",
    )


def headline(checkpoint: Checkpoint, ceiling: float | None) -> None:
    """Show one GAN's test AUROC on a scale from guessing to perfect, beside the ceiling to compare it with."""
    title, area = chosen.title(checkpoint), stored.auroc(checkpoint)
    own = checkpoint.card.own
    if area:
        _auroc(checkpoint, area, ceiling)
    elif own and own.synthetic:
        _synthetic(checkpoint, own.synthetic)
    else:
        st.metric(
            f"{title}, normal images' mean score",
            f"{checkpoint.card.test.normal_error:.3f}",
            help="How much normal test images are changed on average, from 0 to 2; lower is better.",
        )
        st.caption(
            f"No AUROC: the test has no image of an anomaly, so nothing says how well anomalies are found. "
            f"**{chosen.regime(checkpoint)}** regime, normal: {checkpoint.task.data.class_name(checkpoint.task.normal)}."
        )
    if st.button(
        "Model card",
        icon=":material/description:",
        key=f"card_{checkpoint.card.model}",
        help=f"The {title}: what it is for, what it was trained and tested on, its figures and its limits.",
    ):
        model_card(checkpoint)


def _synthetic(checkpoint: Checkpoint, known: Synthetic) -> None:
    area, noun = known.area, plain(checkpoint.task.data.noun)
    st.metric(
        f"Synthetic AUROC, {chosen.title(checkpoint)}",
        f"{area.auroc:.3f}",
        help=f"The chance that a good test {noun} with a synthetic defect scores higher than one without. 0.5 is guessing, 1 is perfect.",
    )
    mark = [Mark(area.auroc, "●", "this model")]
    colour = charts.MODELS[checkpoint.card.model]
    st.html(gauge.STYLE + gauge.html(mark, 0.5, 1.0, ("0.5, guessing", "1, perfect"), (area.low, area.high, colour)))
    st.caption(
        f"95 % interval {area.low:.3f}–{area.high:.3f} over {known.photos:,} {noun}s (the bar), **{chosen.regime(checkpoint)}** regime. "
        "The test has no real anomaly: the ROC page shows these defects kind by kind."
    )


def _auroc(checkpoint: Checkpoint, area: tuple[float, float, float], ceiling: float | None) -> None:
    middle, low, high = area
    model, task = checkpoint.card.model, checkpoint.task
    st.metric(
        f"{chosen.title(checkpoint)}, test AUROC",
        f"{middle:.3f}",
        help="The chance that a random anomaly scores higher than a random normal image, over the whole test split. "
        "0.5 is guessing, 1 is perfect.",
    )
    marks = [Mark(middle, "●", "this model")]
    if model in DECK and checkpoint.folder == checkpoints.shipped(model, "t-shirt"):
        marks.append(Mark(DECK[model], "◆", "the slide deck it started from", above=True))
    if task.regime == "seen" and ceiling:
        marks.append(Mark(ceiling, "▼", "supervised CNN", above=True))
    st.html(
        gauge.STYLE + gauge.html(marks, 0.5, 1.0, ("0.5, guessing", "1, perfect"), (low, high, charts.MODELS[model]))
    )
    st.caption(
        f"95 % interval {low:.3f}–{high:.3f} (the bar), **{chosen.regime(checkpoint)}** regime, "
        f"normal: {task.data.class_name(task.normal)}.{_mean_of_seeds(checkpoint)}"
    )


def _mean_of_seeds(checkpoint: Checkpoint) -> str:
    """Say how a model in the box, one training, stands to the mean over seeds on Results; "" where only one is measured."""
    if checkpoint.run is not None or checkpoint.task.data != FASHION_MNIST.description:
        return ""
    from core.study import figures, results

    task = checkpoint.task
    known = None
    with contextlib.suppress(MisfitError):  # a damaged table is reported once, by supervised_cnn
        known = figures.box_and_mean(results.read(), checkpoint.card.model, task.regime, task.normal)
    return (
        f" This is the training with seed {checkpoint.card.seed}; the mean of {known[2]} seeds is {known[1]:.3f} (Results)."
        if known
        else ""
    )


gans: list[Chosen] = []
measured: list[Checkpoint] = []
with trouble.told():
    gans, measured = opened()
if gans:
    with trouble.told():
        story.show(gans)
what_is_normal = f"One class of {plain(data.name)} is **normal**, here **{normal}**;"
if data.only_normal:
    what_is_normal = f"In {plain(data.name)} **{normal}** is **normal**;"
st.markdown(
    f"A packing line: one {data.noun} of many is spoilt, and somebody has to see it. Two GANs redraw each image "
    "**as it would be if it were normal**. The **heat map** marks what they changed, and how much they changed is the image's "
    f"**anomaly score**. {what_is_normal} everything else is an **anomaly**. From which "
    "score on an item is flagged is a choice, and Misfit lets you make it with the images and the costs in view."
)
if state.get("_tour") is None:
    st.button(
        "Take the tour",
        icon=":material/tour:",
        on_click=tour.start,
        help="Five steps through the pages, with one thing to do on each. It can be ended at any time.",
    )

if gans:
    example.show(gans)
elif not models.picked() and not trained.damaged(state["normal"]):
    st.info(
        f"No GAN has been trained yet with {normal} as the normal class. Choose another class in the sidebar, or train one.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train/page.py", label="Train it", icon=":material/model_training:")

if measured:
    st.subheader("How good they are" if len(measured) > 1 else "How good it is", anchor=False)
    ceiling = None
    with trouble.told():
        ceiling = supervised_cnn()
    for column, checkpoint in zip(st.columns(len(measured)), measured, strict=True):
        with column.container(border=True):
            headline(checkpoint, ceiling)
if labelled := [len(checkpoint.task.anomaly_classes) for checkpoint in measured if checkpoint.task.regime == "seen"]:
    classes = "the other class" if labelled[0] == 1 else f"the same {labelled[0]} other classes"
    st.caption(
        f":material/info: *Seen* means that labelled anomalies of {classes} were in training: a supervised figure, "
        f"to be compared with a classifier's{', such as the supervised CNN' if ceiling else ''}, not with methods that never see an anomaly."
    )

st.subheader("Traditional GAN: the baseline", anchor=False)
st.markdown(
    "Fully connected networks and one kind of loss, the mean squared error (MSE): normal images should come out as themselves, "
    "damaged ones repaired, anomalies as they would be if they were normal. Its known limit: noisy reconstructions."
)
diagram.traditional()

st.subheader("DCGAN after Kim et al.: the strong one", anchor=False)
st.markdown(
    "Convolutions with skip connections, a discriminator that judges patches instead of the whole image, the paper's losses, and two "
    "of Misfit's own that teach it to repair. The ABC loss keeps an anomaly from coming out unchanged."
)
diagram.dcgan()

st.subheader("What to try", anchor=False)
for path, label, icon, sentence in (
    (
        "data",
        "Data",
        "add_photo_alternate",
        "Bring photos of your own, and have them checked before anything is trained.",
    ),
    ("browse", "Browse", "grid_view", "Look through the test images and their reconstructions, and find the mistakes."),
    ("roc", "ROC", "show_chart", "Move the threshold and see what it catches and what it lets through."),
    ("line", "Line", "conveyor_belt", "Watch items come along a belt, and what the mistakes cost."),
    ("try_it", "Try it", "draw", "Draw or upload an item of your own, damage it, and see what is odd in it."),
    ("train", "Train", "model_training", "Train either GAN yourself."),
    ("results", "Results", "table_chart", "Every figure measured, beside simpler methods and published ones."),
):
    with st.container(horizontal=True, vertical_alignment="center", key=f"way_to_{path}"):
        st.page_link(f"pages/{path}/page.py", label=f"**{label}**", icon=f":material/{icon}:", width=110)
        st.markdown(sentence)
