import pandas as pd

from core import results
from tests.pages.conftest import words


def test_regimes_stand_apart_with_their_published_rows(open_page):
    app = open_page("results")
    headings = [element.value for element in app.subheader]
    assert "Seen regime" in headings
    tables = [element.value for element in app.dataframe]
    for table in tables:
        methods = " ".join(table["Method"])
        assert not ("Kim" in methods and "GANomaly" in methods)


def test_figures_are_those_of_the_csv(open_page):
    app = open_page("results")
    rows = pd.read_csv(results.CSV)
    cnn = rows[(rows.method == "supervised CNN") & (rows.normal == "t-shirt")].auroc.mean()
    shown = pd.concat([element.value for element in app.dataframe])
    assert abs(shown[shown["Method"].str.startswith("Supervised CNN")]["T-shirt/top"].iloc[0] - cnn) < 1e-9


def test_a_damaged_csv_is_said_to_be_damaged(open_page, tmp_path, monkeypatch):
    broken = tmp_path / "results.csv"
    broken.write_text("method,auroc\nx,not a number\n")
    monkeypatch.setattr(results, "CSV", broken)
    app = open_page("results")
    assert not app.exception
    assert "move it away" in app.error[0].value


def test_no_figures_yet_says_how_to_make_them(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "CSV", tmp_path / "none.csv")
    app = open_page("results")
    assert not app.exception
    assert "python -m core results" in words(app)
