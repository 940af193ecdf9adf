"""What goes wrong, said on the page where it happened. The router wraps every page in `told`, and so does every fragment."""

import contextlib
from collections.abc import Iterator

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say what a user can put right, or what the disk refuses, in an error box, and go on after the block.

    A decorator, too: `@told()` below `@st.fragment`, which runs again without the router.
    """
    try:
        yield
    except (MisfitError, OSError) as error:
        st.error(plain(error), icon=":material/error:")
