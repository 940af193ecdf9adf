"""Misfit's router: the page list, the sidebar's choice of model and normal class, and the state in the link.

Nothing here, nor in what it imports, may import torch, torchvision or scikit-learn: every visitor would wait for them.
"""

import streamlit as st

from pages.parts import link, sidebar

st.set_page_config(page_title="Misfit", page_icon="pages/parts/icon.png", layout="wide")

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
link.pull(page.url_path)
sidebar.show()
for problem in link.problems():
    st.warning(problem, icon=":material/link_off:")
page.run()
link.push()
