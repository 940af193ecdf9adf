"""The ways in: files or a zip, a whole folder, a folder on the server, an example."""

import streamlit as st

from core.data import catalog, drafts
from core.data.drafts import Draft
from core.data.photos import examples, files
from pages.data import uploads
from pages.parts import thumbnails

WAYS: dict[str, str] = {
    "files": ":material/upload_file: Photos or a zip",
    "folder": ":material/drive_folder_upload: A folder",
    "server": ":material/dns: A folder on the server",
    "example": ":material/category: An example",
}
state = st.session_state


def show() -> None:
    """Draw the choice of a way, and the way."""
    st.subheader("1. Bring photos", anchor=False)
    way = st.segmented_control(
        "From where?",
        list(WAYS),
        format_func=WAYS.__getitem__,
        default="files",
        required=True,
        key="data_way",
        persist_state="session",
        help="Photos or a zip and a folder are sent from your machine to Misfit's. A folder on the server is there already. "
        "Examples are real photos that come with Misfit.",
    )
    {"files": _files, "folder": _folder, "server": _server, "example": _example}[way or "files"]()


def _files() -> None:
    """Ask for good photos or a zip, and for bad photos."""
    good = uploads.uploader(
        "Photos of **good** items, or one **zip**",
        "upload_good",
        f"{uploads.FORMATS}, up to {uploads.LARGEST_PHOTO} MB each; or a zip of up to {uploads.LARGEST_ZIP} MB.",
        type=["zip", *uploads.PICTURES],
        accept_multiple_files=True,
        max_upload_size=uploads.LARGEST_ZIP,
    )
    st.caption(
        "Every photo here counts as **good**. In a zip, folders say what is good: `good` and `bad`, or `good` and a folder for each kind of "
        "defect; a zip without folders has good ones alone."
    )
    zipped = [file for file in good if file.name.lower().endswith(".zip")]
    bad, defect = ([], "") if zipped else uploads.ask_for_bad()
    if zipped and len(good) > 1:
        st.warning("Take one zip alone, or photos without a zip.", icon=":material/folder_zip:")
    pressed = st.button(
        "Check the photos",
        type="primary",
        icon=":material/fact_check:",
        disabled=not good or (bool(zipped) and len(good) > 1),
        key="data_check_files",
        help="Nothing is kept and nothing is trained yet.",
    )
    if not pressed:
        return

    def make() -> Draft:
        if zipped:
            return drafts.of_zip(good[0].name, good[0])
        return drafts.of_photos(uploads.named(good), uploads.named(bad), defect)

    with st.spinner("Storing the photos…"):
        uploads.begin_stored(make, [*good, *bad])


def _folder() -> None:
    """Ask for a folder of the visitor's machine."""
    uploaded = uploads.uploader(
        "A folder of photos",
        "upload_folder",
        f"{uploads.FORMATS}, up to {uploads.LARGEST_PHOTO} MB each. Other files are passed over.",
        type=uploads.PICTURES,
        accept_multiple_files="directory",
        max_upload_size=uploads.LARGEST_PHOTO,
    )
    st.caption(
        "Press the button of the box and choose the folder. Folders in it say what is good: `good` and `bad`, or `good` and a folder for "
        "each kind of defect; without any, all are good. `train`, `test` and `ground_truth` as in MVTec AD are understood, too."
    )
    flat = bool(uploaded) and not any("/" in file.name for file in uploaded)
    if flat:
        st.warning(
            "A folder that is dropped comes without the names of the folders in it. Remove these files, and choose the folder with the button.",
            icon=":material/folder_off:",
        )
    if st.button(
        "Check the photos",
        type="primary",
        icon=":material/fact_check:",
        disabled=not uploaded or flat,
        key="data_check_folder",
        help="Nothing is kept and nothing is trained yet.",
    ):
        with st.spinner("Storing the photos…"):
            uploads.begin_stored(lambda: drafts.of_folder(uploads.named(uploaded)), uploaded)


def _server() -> None:
    """Ask for one of the folders that whoever runs Misfit has listed, or say how to list one."""
    offered = [str(place) for place in files.offers()]
    if not offered:
        st.info(
            f"No folder of this server is offered yet. Whoever runs Misfit can list some in the environment variable `{files.OFFERED}`, "
            f"for example `{files.OFFERED}=/home/line/photos make run`. Until then bring the photos as a zip.",
            icon=":material/dns:",
        )
        return
    place = st.selectbox(
        "Folder or zip",
        offered,
        key="data_place",
        persist_state="session",
        accept_new_options=True,
        help="Choose one, or write the path of a folder or zip within them.",
    )
    if st.button(
        "Check the photos",
        type="primary",
        icon=":material/fact_check:",
        key="data_check_place",
        help="Nothing is copied until you keep the photos, and nothing in the folder is changed.",
    ):
        uploads.begin(lambda: drafts.of_place(place or ""))


def _example() -> None:
    """Offer the examples, a card each."""
    st.caption(
        "Real photos that come with scikit-image, for a first try: one click, and they are checked as your own would be."
    )
    for column, (key, example) in zip(st.columns(len(examples.EXAMPLES)), examples.EXAMPLES.items(), strict=True):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{example.name}**")
            with_names = [(f"{example.name} {number}", image) for number, image in enumerate(examples.some(key, 2), 1)]
            thumbnails.show(with_names, f"Photos of {example.name}", named=False)
            st.caption(example.about)
            here = key in catalog.available()
            pressed = st.button(
                "Open it" if here else "Use it",
                key=f"example_{key}",
                help=f"{example.name} is kept here already." if here else f"Check the photos of {example.name}.",
            )
        if pressed and here:
            state["_data_open_next"] = key
            st.rerun()
        elif pressed:
            uploads.begin(lambda key=key: drafts.of_example(key))  # type: ignore[misc]
