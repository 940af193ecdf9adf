from core import reporting, results
from tests.pages.conftest import tables, words


def test_regimes_stand_apart_with_their_published_rows(open_page):
    app = open_page("results")
    headings = [element.value for element in app.subheader]
    assert "Seen regime" in headings
    shown = tables(app)
    assert any(name.startswith("Published figures") for name in shown)
    for table in shown.values():
        methods = " ".join(line["Method"] for line in table)
        assert not ("Kim" in methods and "GANomaly" in methods)


def test_figures_are_those_of_the_csv(open_page):
    shown = tables(open_page("results"))["Measured figures, seen regime"]
    rows = reporting.main_rows(results.read())
    for method, name in (("supervised CNN", "Supervised CNN (the ceiling)"), ("dcgan", "DCGAN")):
        mean = rows[(rows.method == method) & (rows.normal == "t-shirt") & (rows.regime == "seen")].auroc.mean()
        assert next(line for line in shown if line["Method"] == name)["T-shirt/top"] == f"{mean:.3f}"
    assert not any("nan" in cell or "None" in cell for line in shown for cell in line.values())


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
