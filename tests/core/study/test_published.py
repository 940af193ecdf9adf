"""Published figures: as printed, each from one source that a reader can look up."""

from core.study.published import PUBLISHED

BY_METHOD = {row.method: row for row in PUBLISHED}


def test_every_row_names_one_source_that_can_be_looked_up():
    for row in PUBLISHED:
        assert row.source.startswith("the deck") or "able" in row.source, "no table is named"
        assert ", and " not in row.source and "collected" not in row.source, "several papers"
    assert BY_METHOD["ARNet"].source == BY_METHOD["GANomaly"].source == "Kim et al. 2020, Table 5"
    assert BY_METHOD["GOAD"].source == "Bergman and Hoshen 2020 (arXiv 2005.02359), Table 2"
    assert BY_METHOD["ESAD"].source == "Shi et al. 2023 (AGAD, arXiv 2304.04211), Table 2"
    assert "arXiv 2407.12427" in BY_METHOD["PANDA, pretrained"].source


def test_the_doubtful_figure_of_geotrans_is_left_out_and_said_to_be():
    row = BY_METHOD["GeoTrans"]
    assert row.t_shirt is None and row.mean == 0.935
    assert "look exchanged" in row.source
