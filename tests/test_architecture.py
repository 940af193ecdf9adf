from tests import architecture


def test_the_picture_of_the_house_shows_the_imports_as_they_are() -> None:
    assert architecture.PICTURE.read_text("utf-8") == architecture.svg(), "Run `python -m tests.architecture --write`."


def test_the_arrows_are_those_of_the_document() -> None:
    assert {("store", "gans"), ("gans", "data"), ("gans", "metrics"), ("data", "basics")} <= architecture.arrows()
    assert not any(importing == "basics" for importing, _ in architecture.arrows())
