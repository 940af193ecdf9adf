from core.data import fashion_mnist


def test_fetch_downloads_and_says_what_training_uses_now(run, mirror) -> None:
    text = run("fetch", "--mirror", mirror.url)
    assert str(fashion_mnist.DOWNLOADED) in text
    assert "10000 images" in text
    assert fashion_mnist.find("train").name == "downloaded"


def test_a_mirror_that_is_not_there_is_refused(refused, mirror) -> None:
    mirror.stop()
    assert "could not be downloaded" in refused("fetch", "--mirror", mirror.url)
