import numpy as np
import pytest

from core.basics.errors import CheckpointError
from core.data.dataset import Images
from core.gans import maps, scoring
from core.gans.training import Training
from core.store import checkpoints, saving, survey
from core.store.checkpoints import WEIGHTS
from tests.conftest import MODELS, SEED, TASK


@pytest.fixture
def some(test_split):
    """The first 30 test images of each class."""
    kept = np.sort(np.concatenate([np.flatnonzero(test_split.labels == label)[:30] for label in range(10)]))
    return Images(test_split.images[kept], test_split.labels[kept], test_split.source)


@pytest.mark.parametrize("model", MODELS)
def test_it_holds_the_mean_residual_of_each_class_and_a_map_of_z(saved, some, model):
    checkpoint = checkpoints.load(saved(model))
    heard = []
    found = survey.make(checkpoint, some, heard.append)
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) == -(-len(some.images) // scoring.BATCH)
    reconstructions = scoring.reconstruct(checkpoint.generator(), some.images)
    residuals = maps.residual(some.images, reconstructions)
    shirts = some.labels == 6
    assert np.allclose(found.residuals[6], residuals[shirts].mean(0), atol=1e-6)
    assert found.pca.shape == (300, 2) and 0 < found.shares[1] <= found.shares[0] <= 1


def test_reconstructions_are_the_same_bits_as_where_scores_come_from(saved, some):
    checkpoint = checkpoints.load(saved("dcgan"))
    generator = checkpoint.generator()
    chunks = list(scoring.encode_and_reconstruct(generator, some.images))
    together = np.concatenate([reconstructions for _, _, reconstructions in chunks])
    assert together.tobytes() == scoring.reconstruct(generator, some.images).tobytes()
    assert np.concatenate([z for _, z, _ in chunks]).shape == (300, 256)


def test_one_latent_number_makes_a_map_too(quick, small, small_split, some, test_split, tmp_path):
    training = Training("traditional", quick("traditional", z=1), small_split, SEED, "cpu")
    list(training.epochs())
    checkpoint = saving.save(tmp_path / "model", training, TASK, "traditional", SEED, small, test_split)
    made = survey.make(checkpoint, some)
    assert made.pca.shape == (300, 2) and made.pca[:, 0].std() > 0 and not made.pca[:, 1].any()
    assert made.shares.tolist() == [1.0, 0.0]
    assert np.isfinite(survey.with_tsne(made, checkpoint, some).tsne).all()


def test_principal_components_are_scikit_learns():
    from sklearn.decomposition import PCA

    random = np.random.default_rng(1)
    latents = (random.normal(size=(500, 6)) * [9, 5, 2, 1, 1, 1] @ random.normal(size=(6, 6))).astype(np.float32)
    coordinates, shares = survey.principal(latents)
    reference = PCA(2).fit(latents)
    assert np.allclose(np.abs(coordinates), np.abs(reference.transform(latents)), atol=1e-3)
    assert np.allclose(shares, reference.explained_variance_ratio_, atol=1e-5)
    assert np.array_equal(survey.principal(latents)[0], coordinates)


def test_it_is_kept_and_found_again_for_the_same_weights_only(saved, some):
    checkpoint, other = checkpoints.load(saved("traditional")), checkpoints.load(saved("dcgan"))
    assert survey.kept(checkpoint, 300) is None
    made = survey.make(checkpoint, some)
    survey.keep(checkpoint, made)
    found = survey.kept(checkpoint, 300)
    assert all(np.array_equal(getattr(found, name), array) for name, array in vars(made).items())
    assert survey.kept(other, 300) is None
    assert survey.kept(checkpoint, 299) is None
    assert [file.suffix for file in survey.path(checkpoint).parent.iterdir()] == [".safetensors"]


def test_a_damaged_one_is_made_again_and_never_shown(saved, some):
    checkpoint = checkpoints.load(saved("traditional"))
    survey.keep(checkpoint, survey.make(checkpoint, some))
    whole = survey.path(checkpoint).read_bytes()
    for damaged in (whole[:-9], b"", b"x" * 200):
        survey.path(checkpoint).write_bytes(damaged)
        assert survey.kept(checkpoint, 300) is None


def test_t_sne_places_like_beside_like(saved, some, monkeypatch):
    monkeypatch.setattr(survey, "SAMPLE", 20)
    checkpoint = checkpoints.load(saved("traditional"))
    made = survey.with_tsne(survey.make(checkpoint, some), checkpoint, some)
    assert made.tsne.shape == (200, 2) and np.bincount(some.labels[made.sample]).tolist() == [20] * 10
    again = survey.with_tsne(made, checkpoint, some)
    assert np.array_equal(again.tsne, made.tsne)
    labels = some.labels[made.sample]
    distance = ((made.tsne[:, None] - made.tsne[None]) ** 2).sum(2) + np.diag(np.full(200, np.inf))
    assert (labels[distance.argmin(1)] == labels).mean() > 0.4  # by chance it would be 0.1
    survey.keep(checkpoint, made)
    assert np.array_equal(survey.kept(checkpoint, 300).tsne, made.tsne)


def test_weights_that_are_not_the_cards_are_refused(saved, some):
    checkpoint = checkpoints.load(saved("traditional"))
    checkpoint.check_weights()
    weights = checkpoint.folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        checkpoint.check_weights()
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        survey.make(checkpoint, some)
