"""Try it: draw or upload an item and see its score from both GANs."""

import numpy as np
import streamlit as st
from PIL import Image

from core import intake
from core.errors import PictureError
from pages.parts import models, verdict
from pages.parts.link import class_name
from pages.parts.pictures import enlarged

PAD = 280  # pixels, ten for each of the model's 28

st.title("Try it")
rivals = models.rivals()
st.markdown(
    f"Draw or upload a garment and see how far it is from a normal **{class_name(st.session_state['normal'])}**. "
    "The models have only ever seen small grey product photos, light on black: that is what yours is turned into."
)


def drawn() -> Image.Image | None:
    """The pad: what has been drawn, or None while it is blank."""
    from streamlit_drawable_canvas import st_canvas  # registers its component with the running server

    one, two = st.columns(2)
    with one:
        brush = st.slider("Brush, pixels of 28", 1, 8, 3, help="Width of the stroke on the model's 28×28 grid.")
    with two:
        grey = st.slider(
            "Grey level", 0, 255, 210, help="255 is white, 0 the black background. The eraser paints black."
        )
    eraser = st.toggle("Eraser", help="Paint with the background.")
    level = 0 if eraser else grey
    state = st.session_state
    if state.get("_pad_visit") != state["_visit"]:  # back from another page: the pad is new, the drawing is not
        state["_pad_visit"], state["_pad_start"] = state["_visit"], state.get("_pad_drawing")
    result = st_canvas(
        stroke_width=brush * PAD // 28,
        stroke_color=f"#{level:02x}{level:02x}{level:02x}",
        background_color="#000000",
        initial_drawing=state["_pad_start"],
        width=PAD,
        height=PAD,
        return_image_data=True,
        key="pad",
    )
    pixels = result.image_data
    if pixels is not None:
        state["_pad_drawing"], state["_pad_pixels"] = result.json_data, pixels
    elif state["_pad_start"]:  # the pad shows the kept drawing, but sends nothing before the next stroke
        pixels = state["_pad_pixels"]
    if pixels is None or not pixels[..., :3].max():
        st.info(
            "Draw with mouse, pen or finger on the black pad. The score follows each stroke.", icon=":material/draw:"
        )
        return None
    return Image.fromarray(pixels[..., :3])


def uploaded() -> Image.Image | None:
    """The uploaded picture, or None while there is none or it cannot be read."""
    file = st.file_uploader(
        "Picture",
        type=list(intake.SUFFIXES),
        help=f"PNG, JPEG, WebP, BMP or GIF (its first frame), up to {intake.LARGEST_BYTES // 2**20} MB. It stays on this machine.",
    )
    state = st.session_state
    if file is not None:
        state["_upload"] = (file.name, file.getvalue())
        state["_upload_visit"] = state["_visit"]
    elif (
        state.get("_upload_visit") == state["_visit"]
    ):  # taken away on this visit, not just left behind by leaving the page
        state.pop("_upload", None)
    if state.get("_upload") is None:
        st.info("Choose a photo of one garment on a plain background, or any other picture.", icon=":material/upload:")
        return None
    name, content = state["_upload"]
    if file is None:
        st.caption(f":material/image: Still here from before: `{name.replace('`', '')}`. Choose another to replace it.")
    try:
        return intake.read(content, name)
    except PictureError as error:
        st.error(str(error), icon=":material/broken_image:")
        return None


left, right = st.columns([5, 7], gap="large")
with left:
    way = st.segmented_control(
        "Where from", ["Draw", "Upload"], default="Draw", required=True, key="try_way", persist_state="session"
    )
    picture = drawn() if way == "Draw" else uploaded()
    if picture is not None:
        with st.container(horizontal=True):
            trim = st.toggle(
                "Trim and fit",
                value=True,
                key="try_trim",
                persist_state="session",
                help="Cut to the garment and fit its longest edge to 28 pixels, as the data set's authors did.",
            )
            flip = st.segmented_control(
                "Background",
                ["auto", "dark", "light"],
                default="auto",
                required=True,
                key="try_background",
                persist_state="session",
                help="A light background is inverted, because the data set shows light garments on black.",
            )
with right:
    if picture is not None:
        try:
            name = "The drawing" if way == "Draw" else "The picture"
            taken = intake.take(picture, name, {"auto": None, "dark": False, "light": True}[flip], trim)
        except PictureError as error:
            st.error(str(error), icon=":material/broken_image:")
        else:
            st.markdown("##### Input")
            shown = Image.new("RGB", picture.size, "#808080")  # what is transparent shows grey
            shown.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
            shown.thumbnail((PAD, PAD))
            verdict.row([("Yours", np.asarray(shown)), ("As the model sees it", enlarged(taken.image))])
            for rival in rivals:
                verdict.show(taken.image, rival)
            st.caption(verdict.RESIDUAL_HELP)
