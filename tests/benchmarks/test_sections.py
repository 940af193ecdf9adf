"""A section of benchmarks/RESULTS.md that is measured by itself takes the place of the one before."""

from benchmarks.__main__ import replaced

TEXT = "# Speed\n\nabout\n\n## One\n\nold\n\n## One more\n\nstays\n"


def test_a_section_takes_the_place_of_the_one_with_its_heading():
    assert replaced(TEXT, "## One\n\nnew") == "# Speed\n\nabout\n\n## One\n\nnew\n\n## One more\n\nstays\n"
    assert replaced(TEXT, "## One more\n\nnew") == "# Speed\n\nabout\n\n## One\n\nold\n\n## One more\n\nnew\n"


def test_a_new_section_comes_last():
    assert replaced(TEXT, "## Two\n\nnew") == TEXT + "\n## Two\n\nnew\n"
