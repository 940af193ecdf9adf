"""Errors, shown on the page where they happen. The router wraps every page in `told`; each fragment does so, too."""

import contextlib
from collections.abc import Iterator

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Show a MisfitError or OSError of the block in an error box, and go on after the block.

    Also a decorator: write `@told()` below `@st.fragment`, because a fragment reruns without the router.
    """
    try:
        yield
    except (MisfitError, OSError) as error:
        st.error(plain(error), icon=":material/error:")
