"""Misfit's router: the page list, the sidebar's choice of data, model and normal class, and the state in the link.

Nothing here, nor in what it imports, may import torch, torchvision or scikit-learn: every visitor would wait for them.
"""

import contextlib

import streamlit as st
from streamlit import runtime
from streamlit.errors import StreamlitAPIException

from core.basics import memory
from core.basics.text import plain
from pages.parts import style

HEADINGS = {  # by the page's address
    "": "Find what does not belong",
    "browse": "Browse the test images",
    "roc": "ROC and threshold",
    "try": "Try it",
    "train": "Train",
    "results": "Results",
}


def route() -> None:
    """Draw the page that the address names."""
    # Before st.navigation, which else takes the page's icon as the tab's: that one would be fetched from the internet.
    st.set_page_config(page_icon="pages/parts/icon.png", layout="wide")
    page = st.navigation(
        [
            st.Page("pages/overview/page.py", title="Overview", icon=":material/home:", default=True),
            st.Page("pages/browse/page.py", title="Browse", icon=":material/grid_view:", url_path="browse"),
            st.Page("pages/roc/page.py", title="ROC", icon=":material/show_chart:", url_path="roc"),
            st.Page("pages/try_it/page.py", title="Try it", icon=":material/draw:", url_path="try"),
            st.Page("pages/train/page.py", title="Train", icon=":material/model_training:", url_path="train"),
            st.Page("pages/results/page.py", title="Results", icon=":material/table_chart:", url_path="results"),
        ]
    )
    st.set_page_config(page_title=f"{page.title} · Misfit")
    style.apply()
    # The heading first: it says where one is while the sidebar and the page itself are still being made.
    st.title(HEADINGS[page.url_path])
    # Not at the top of this file: a server that starts would load what they need before it answers anybody.
    from pages.parts import link, models, sidebar, tour, trouble

    gone = link.settle_data()
    link.pull(page.url_path)
    sidebar.show()
    link.push()  # before the page, too: whoever reloads while it is being drawn keeps what was chosen
    for problem in [gone, *link.problems()] if gone else link.problems():
        st.warning(plain(problem), icon=":material/link_off:")
    models.say_damaged()
    tour.show(page.url_path)
    with trouble.told():
        page.run()
    link.push()


if runtime.exists():
    route()
else:
    # `streamlit run` finds this app and imports the file once, before the first visitor. That is the moment to call
    # st.navigation, if only with nothing: from then on Streamlit does not guess pages from the folder called pages. Else
    # the first visitor of a fresh server who follows a link to a page is told that there is no such page.
    with contextlib.suppress(StreamlitAPIException):
        st.navigation([])
    memory.keep_little()
    app = st.App(__file__)
