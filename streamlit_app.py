"""Misfit's router: the page list, the sidebar's choice of data, model and normal class, and the state in the link.

Neither this file nor its imports may import torch, torchvision or scikit-learn: every visitor would wait for them.
"""

import contextlib

import streamlit as st
from starlette.middleware import Middleware
from streamlit import runtime
from streamlit.errors import StreamlitAPIException

from core.basics import memory
from core.basics.text import plain
from pages.parts import root, style

HEADINGS = {  # by the page's address
    "": "Find what does not belong",
    "data": "Bring your own photos",
    "browse": "Browse the test images",
    "roc": "ROC and threshold",
    "line": "On the line",
    "try": "Try it",
    "train": "Train",
    "results": "Results",
}


def route() -> None:
    """Draw the page that the address names."""
    # Before st.navigation, which would otherwise use the page's icon for the tab and fetch it from the internet.
    st.set_page_config(page_icon="pages/parts/icon.png", layout="wide")
    page = st.navigation(
        [
            st.Page("pages/overview/page.py", title="Overview", icon=":material/home:", default=True),
            st.Page("pages/data/page.py", title="Data", icon=":material/add_photo_alternate:", url_path="data"),
            st.Page("pages/browse/page.py", title="Browse", icon=":material/grid_view:", url_path="browse"),
            st.Page("pages/roc/page.py", title="ROC", icon=":material/show_chart:", url_path="roc"),
            st.Page("pages/line/page.py", title="Line", icon=":material/conveyor_belt:", url_path="line"),
            st.Page("pages/try_it/page.py", title="Try it", icon=":material/draw:", url_path="try"),
            st.Page("pages/train/page.py", title="Train", icon=":material/model_training:", url_path="train"),
            st.Page("pages/results/page.py", title="Results", icon=":material/table_chart:", url_path="results"),
        ]
    )
    st.set_page_config(page_title=f"{page.title} · Misfit")
    style.apply()
    # The heading comes first: it names the page while the sidebar and the page itself are still being drawn.
    st.title(HEADINGS[page.url_path], anchor=False)
    # Not at the top of this file: a starting server would load all their imports before it answers anybody.
    from pages.parts import link, models, reach, sidebar, tour, trouble

    reach.apply()
    gone = link.settle_data()
    link.pull(page.url_path)
    sidebar.show()
    link.push()  # before the page, too: a reload while the page is being drawn keeps the choices
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
    # st.navigation, even with an empty list: from then on Streamlit does not guess pages from the folder called pages.
    # Without it, the first visitor of a fresh server who follows a link to a page reads that the page does not exist.
    with contextlib.suppress(StreamlitAPIException):
        st.navigation([])
    memory.keep_little()
    app = st.App(__file__, middleware=[Middleware(root.AtTheRoot, pages=[name for name in HEADINGS if name])])
