"""Fashion-MNIST's training images, downloaded on a button."""

import os

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import fashion_mnist


def offer(starter: bool) -> None:
    """Offer to download the whole data set, where there are no images or only the starter set (`starter`)."""
    if starter:
        st.info(
            "Only the starter set is here: 1,000 training images a class instead of 6,000. It trains a weaker model.",
            icon=":material/database:",
        )
    elif os.environ.get("FASHION_MNIST_DIR"):  # images are read from that folder, not from a download
        return
    if st.button("Fetch all of Fashion-MNIST (31 MB)", icon=":material/download:"):
        _fetch()


def _fetch() -> None:
    bar = st.progress(0.0, "Downloading…")
    try:
        for done, whole in fashion_mnist.fetch():
            bar.progress(done / whole, f"{done / 1e6:.1f} of {whole / 1e6:.1f} MB")
    except (MisfitError, OSError) as error:
        bar.empty()
        st.error(plain(error), icon=":material/error:")
    else:
        st.rerun()
