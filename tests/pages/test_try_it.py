import io

import numpy as np
import pytest
from PIL import Image

from core import checkpoints, data
from tests.pages.conftest import words


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def upload(open_page):
    def do(name: str, content: bytes):
        app = open_page("try_it")
        app.segmented_control(key="try_way").set_value("Upload").run()
        return app.file_uploader[0].upload(name, content, "image/png").run()

    return do


def test_an_uploaded_test_image_gets_its_stored_scores_from_both_gans(upload):
    app = upload("coat.png", png(data.load("test").images[17]))
    assert not app.exception
    for model in ("dcgan", "traditional"):
        stored = checkpoints.load(checkpoints.shipped(model, "t-shirt")).scores.test[17]
        assert f"score **{stored:.4f}**" in words(app)


def test_the_page_and_the_command_line_agree_on_a_picture_that_needs_intake(upload, tmp_path, capsys):
    import json

    from core.__main__ import main

    big = 255 - data.load("test").images[3].repeat(9, 0).repeat(9, 1)  # light background, enlarged
    path = tmp_path / "trouser.png"
    path.write_bytes(png(big))
    app = upload("trouser.png", path.read_bytes())
    assert main(["score", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)[0]
    assert f"score **{answer['score']:.4f}**" in words(app)
    assert answer["verdict"] == "anomaly" and "**anomaly**" in words(app)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("text.png", b"hello", "is not a picture"),
        ("dot.png", png(np.full((1, 1), 255, np.uint8)), "at least 8"),
        ("black.png", png(np.zeros((50, 50), np.uint8)), "blank"),
        ("cut.png", png(np.eye(40, dtype=np.uint8) * 255)[:-40], "damaged"),
        ("none.png", b"", "empty"),
    ],
)
def test_bad_pictures_get_one_kind_line(upload, name, content, said):
    app = upload(name, content)
    assert not app.exception
    assert len(app.error) == 1 and said in app.error[0].value


def test_a_blank_pad_asks_for_a_drawing(open_page):
    assert "Draw with mouse" in open_page("try_it").info[0].value
