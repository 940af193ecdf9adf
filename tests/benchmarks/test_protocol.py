import numpy as np

from benchmarks import protocol
from benchmarks.protocol import Protocol


def test_a_protocol_holds_out_its_share_of_every_class(starter):
    found = protocol.divided(starter, Protocol(share=0.3, each=500))
    assert np.bincount(found.labels).tolist() == [500] * 10
    assert np.bincount(found.labels[found.held]).tolist() == [150] * 10


def test_another_seed_is_another_split_of_the_same_images(starter):
    first, again, other = (protocol.divided(starter, Protocol(seed=seed)) for seed in (1, 1, 2))
    assert (first.images == again.images).all()
    same = [{image.tobytes() for image in found.images} for found in (first, other)]
    assert same[0] == same[1]
    assert (first.images[first.held] != other.images[other.held]).any()


def test_the_table_has_a_dash_for_what_is_not_measured():
    row = ("dcgan", "seen", "10 % held out for validation", "5400", "0.98765", "200")
    text = protocol.table([dict(zip(protocol.COLUMNS, row, strict=True))])
    assert "| 10 % held out for validation | 5,400 | – | – | 0.9877 | – |" in text.splitlines()
