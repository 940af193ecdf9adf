"""What the images look like to the GAN: the first batch of the form's settings, as training itself would draw it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import catalog, tasks
from core.data.dataset import DataSet
from core.gans.maps import to_grey
from core.runs.request import Request
from pages.parts import thumbnails

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 8  # images of each kind
_HASH: dict[str | type, Callable[[Any], int]] = {DataSet: hash, Request: hash}
Rows = list[tuple[str, str, np.ndarray]]  # a sentence, what each image is, and the images uint8 [n, H, W, C]


def show(request: Request) -> None:
    """Offer a look at the images of a training step; nothing is computed before it is opened."""
    noun = request.task.data.noun
    title = f"What {'your' if noun == 'photo' else 'the'} {noun}s look like to the GAN"
    with st.expander(title, icon=":material/visibility:", key="train_strip", on_change="rerun") as opened:
        if not opened.open:
            return
        st.caption(
            "A first step of this training, drawn with the settings above: what goes in, and how the GAN should redraw it. "
            "If a normal picture no longer looks normal, mirror and shift less."
        )
        try:
            with st.spinner("Drawing a batch…"):
                rows = _rows(request, catalog.get(request.task.data.key))
        except MisfitError as error:
            st.error(plain(error), icon=":material/error:")
            return
        for sentence, name, images in rows:
            st.markdown(sentence)
            thumbnails.show([(f"{name} {number}", image) for number, image in enumerate(images, 1)], name, named=False)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_HASH)
def _rows(request: Request, data: DataSet) -> Rows:
    """Draw the first batch of the training and return its rows. Imports torch. Raises DataError."""
    import torch

    from core.gans.batches import Batches

    split = tasks.split(request.task, data.load("train"))
    config = request.config.fitted(len(split.train_normal))
    batches = Batches(split, config, split.data.side, request.seed, torch.device("cpu"))
    batch = next(batches.epoch())
    noun = split.data.noun
    rows = [(f"**Normal {noun}s.** Each should be redrawn as it is.", f"Normal {noun}", _images(batch.normal.images))]
    if len(batch.damaged.images):
        text = f"**Damaged {noun}s**, with defects that are drawn anew for every step."
        rows += [
            (text, f"Damaged {noun}", _images(batch.damaged.images)),
            ("Each should be **repaired**:", "Target", _images(batch.damaged.targets)),
        ]
    if len(batch.anomaly.images):
        text = _anomalies(noun, len(split.train_anomaly), batches.stand_ins)
        rows.append((text, "Anomaly", _images(batch.anomaly.images)))
        if request.config.as_normal:
            rows.append(("Each should be redrawn as **normal**:", "Target", _images(batch.anomaly.targets)))
        else:
            rows[-1] = (f"{text} Each should come back changed.", *rows[-1][1:])
    return rows


def _anomalies(noun: str, labelled: int, distorted: int) -> str:
    if not labelled:
        return f"**Distorted {noun}s**, in place of anomalies."
    if not distorted:
        return "**Labelled anomalies.**"
    return f"**Labelled anomalies**, and distorted {noun}s because there are few."


def _images(batch: "Tensor") -> np.ndarray:
    """Turn some images of a batch, float [N, C, H, W] on [-1, 1], back into uint8 [n, H, W, C]."""
    # Spread evenly, because distorted images come before labelled ones in a batch.
    some = batch[[place * len(batch) // SHOWN for place in range(SHOWN)]] if len(batch) > SHOWN else batch
    return np.ascontiguousarray(to_grey(some.permute(0, 2, 3, 1).numpy()))
