from core.study import results
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
    app = open_page("results")
    shown = {name: {line["Method"]: line for line in table} for name, table in tables(app).items()}
    seen, unseen = shown["Measured figures, seen regime"], shown["Measured figures, unseen regime"]
    assert seen["DCGAN"]["T-shirt/top"] == "0.986" and seen["DCGAN"]["Mean"] == "0.990"
    assert seen["DCGAN"]["Lowest–highest class"] == "0.959–0.999" and seen["DCGAN"]["Seeds"] == "3–5"
    assert seen["Supervised CNN (the ceiling)"]["T-shirt/top"] == "0.990"
    # T-shirt/top is normal in every unseen row: one mean, over the nine left-out classes.
    assert unseen["Traditional GAN"]["Mean"] == "0.955" and "T-shirt/top" not in unseen["Traditional GAN"]
    assert not any("interval" in heading for table in shown.values() for line in table.values() for heading in line)
    assert not any("nan" in cell for table in shown.values() for line in table.values() for cell in line.values())
    assert words(app).count("which this regime denies") == 2  # unseen and one-class


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
