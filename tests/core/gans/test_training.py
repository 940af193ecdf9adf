import dataclasses
import math

import msgspec
import pytest
import torch

from core.basics.errors import ConfigError, DataError, TrainingDiverged
from core.data import tasks
from core.data.tasks import Task
from core.gans import build, scoring, training
from core.gans.config import TrainingConfig, config_class
from core.gans.recipes import default_config
from core.gans.record import Epoch
from core.gans.training import Progress, Training
from core.metrics import evaluation
from core.runs import estimate

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def finite(module: torch.nn.Module) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in module.state_dict().values())


def after(steps: int):
    """A should_stop that says yes after so many steps."""
    left = iter([False] * (steps - 1) + [True])
    return lambda: next(left)


@pytest.fixture
def start(quick, small_split):
    def begin(model: str, seed: int = 7, split=small_split, **changes: object) -> Training:
        return Training(model, quick(model, **changes), split, seed, "cpu")

    return begin


def timeless(record: Epoch) -> Epoch:
    """The record without what the clock says."""
    return msgspec.structs.replace(record, seconds=1.0, images_per_second=1.0)


def weighing(config: TrainingConfig) -> set[str]:
    """The losses that are on."""
    return {name for name in config.loss_names if getattr(config, name)}


@MODEL
def test_every_part_changes_in_one_step(model: str, start) -> None:
    # A known port pairs G's gradients with G + E's variables: its encoder never trains.
    run = start(model, adversarial_anomaly=0.1)  # in the traditional GAN it is off
    before = {name: parameter.clone() for name, parameter in run.gan.named_parameters()}
    list(run.epochs(should_stop=after(1)))
    still = [name for name, parameter in run.gan.named_parameters() if torch.equal(parameter, before[name])]
    assert still == []
    assert {name.split(".")[0] for name in before} == {"generator", "normal_discriminator", "anomaly_discriminator"}


@MODEL
def test_a_loss_that_weighs_nothing_is_not_computed(model: str, start) -> None:
    off = {"dcgan": ("latent", "adversarial_anomaly"), "traditional": ("negative_mse", "adversarial_anomaly")}[model]
    run = start(model, epochs=1, **dict.fromkeys(off, 0.0))
    before = weights(run.gan.anomaly_discriminator)
    (record,) = run.epochs()
    assert set(record.losses) == weighing(run.config) - set(off) | {"discriminator_normal"}
    assert same(weights(run.gan.anomaly_discriminator), before)


@MODEL
def test_the_generators_step_leaves_the_discriminators_alone(model: str, start) -> None:
    # Not 0: a discriminator that weighs nothing is not trained at all.
    without = start(model, adversarial_normal=1e-6, adversarial_anomaly=1e-6)
    strong = start(model, adversarial_normal=50.0, adversarial_anomaly=50.0)
    for run in (without, strong):
        list(run.epochs(should_stop=after(1)))
    for name in ("normal_discriminator", "anomaly_discriminator"):
        one, other = getattr(without.gan, name), getattr(strong.gan, name)
        assert same(weights(one), weights(other))
        # nor has it left a gradient for their next step
        assert all(torch.equal(p.grad, q.grad) for p, q in zip(one.parameters(), other.parameters(), strict=True))
        assert all(parameter.requires_grad for parameter in other.parameters())
    assert not same(weights(without.gan.generator), weights(strong.gan.generator))


@MODEL
def test_the_generator_moves_each_loss_on_normals_down(model: str, trained) -> None:
    first, last = trained[model].history[0].losses, trained[model].history[-1].losses
    name = "mse" if model == "traditional" else "l1"
    assert last[name] < first[name]


@MODEL
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(model: str, start, trained) -> None:
    again = start(model)
    list(again.epochs())
    assert same(weights(again.generator), weights(trained[model].generator))
    assert list(map(timeless, again.history)) == list(map(timeless, trained[model].history))
    assert next(start(model, seed=8).epochs()).losses != again.history[0].losses


@MODEL
def test_the_global_random_state_is_neither_used_nor_changed(model: str, start, trained) -> None:
    torch.manual_seed(12345)
    before = torch.get_rng_state()
    run = start(model)
    list(run.epochs(should_stop=after(2)))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(54321)
    again = start(model)
    list(again.epochs(should_stop=after(2)))
    assert same(weights(again.generator), weights(run.generator))


@MODEL
def test_a_record_says_all(model: str, trained, small_split) -> None:
    run = trained[model]
    assert [record.epoch for record in run.history] == [1, 2]
    record = run.history[-1]
    kinds = {"normal", "anomaly"} if run.config.adversarial_anomaly else {"normal"}
    assert msgspec.json.decode(msgspec.json.encode(record), type=Epoch) == record  # of the right types, too
    assert set(record.losses) == {
        *weighing(run.config),
        *(f"discriminator_{kind}" for kind in kinds),
    }
    assert all(type(value) is float and math.isfinite(value) for value in record.losses.values())
    assert set(record.discriminator_accuracy) == kinds
    assert all(0.0 <= value <= 1.0 for value in record.discriminator_accuracy.values())
    assert record.seconds > 0
    assert record.images_per_second == pytest.approx(5 * 32 * 2 / record.seconds)
    # The one-cycle schedule has come down from its peak.
    assert 0 < record.learning_rate < run.history[0].learning_rate <= run.config.learning_rate

    normal = scoring.score(run.generator, small_split.validation_normal)
    anomaly = scoring.score(run.generator, small_split.validation_anomaly)
    assert record.validation_auroc == evaluation.auroc(normal, anomaly)
    assert record.validation_error == pytest.approx(normal.mean(), rel=1e-6)


def test_records_come_as_epochs_finish_and_progress_after_every_step(start) -> None:
    run = start("traditional")
    seen: list[Progress] = []
    epochs = run.epochs(on_step=seen.append)
    first = next(epochs)
    assert run.history == [first]
    assert seen == [Progress(0, 2, step, 5) for step in range(1, 6)]
    second = next(epochs)
    assert run.history == [first, second]
    assert seen[5:] == [Progress(1, 2, step, 5) for step in range(1, 6)]
    assert list(epochs) == []


@MODEL
@pytest.mark.parametrize(("steps", "epochs", "step"), [(3, 0, 3), (5, 1, 0), (7, 1, 2)])
def test_a_stopped_training_keeps_what_it_has(model: str, steps: int, epochs: int, step: int, start, trained) -> None:
    run = start(model)
    fresh = weights(run.generator)
    seen: list[Progress] = []
    list(run.epochs(should_stop=after(steps), on_step=seen.append))
    assert len(seen) == steps
    assert (run.finished_epochs, len(run.history), run.step) == (epochs, epochs, step)
    assert not same(weights(run.generator), fresh)
    assert not same(weights(run.generator), weights(trained[model].generator))
    assert finite(run.generator)
    assert not run.generator.training


def test_a_training_stopped_within_an_epoch_does_not_go_on_but_after_an_epoch_it_does(start, trained) -> None:
    run = start("traditional")
    list(run.epochs(should_stop=after(7)))
    before = weights(run.generator)
    assert list(run.epochs()) == []  # the rest of the epoch cannot be told from its beginning any more
    assert same(weights(run.generator), before)
    run = start("traditional")
    list(run.epochs(should_stop=after(5)))
    assert [record.epoch for record in run.epochs()] == [2]
    assert same(weights(run.generator), weights(trained["traditional"].generator))


@MODEL
def test_without_a_labelled_anomaly_anywhere_the_normals_error_chooses_the_best_epoch(
    model: str, start, small_split
) -> None:
    nothing = {name: getattr(small_split, name)[:0] for name in ("train_anomaly", "validation_anomaly")}
    run = start(model, split=dataclasses.replace(small_split, **nothing), epochs=3, learning_rate=0.05)
    records = list(run.epochs())
    assert [record.validation_auroc for record in records] == [None] * 3
    errors = [record.validation_error for record in records]
    assert run.best_epoch == 1 + errors.index(min(errors))


@MODEL
def test_the_best_epoch_is_kept_beside_the_last(model: str, start) -> None:
    run = start(model, learning_rate=0.02, epochs=3)
    kept = {record.epoch: weights(run.generator) for record in run.epochs()}
    areas = [record.validation_auroc for record in run.history]
    assert run.best_epoch == 1 + areas.index(max(areas))
    assert same(run.best_weights, kept[run.best_epoch])


@MODEL
def test_the_average_is_of_weights_and_batch_norm_statistics(model: str, start) -> None:
    run = start(model, ema_decay=0.75)
    states: list[dict[str, torch.Tensor]] = []
    list(run.epochs(should_stop=after(4), on_step=lambda _: states.append(weights(run.gan.generator))))
    expected = {name: tensor.double() for name, tensor in states[0].items()}
    for state in states[1:]:
        expected = {name: 0.75 * tensor + 0.25 * state[name].double() for name, tensor in expected.items()}
    found = weights(run.generator)
    if model == "dcgan":
        statistics = [name for name in found if "running" in name]
        assert len(statistics) == 12
        assert all(not torch.equal(found[name], states[-1][name]) for name in statistics)
    for name, tensor in found.items():
        if tensor.is_floating_point():
            assert torch.allclose(tensor.double(), expected[name], rtol=1e-5, atol=1e-7), name


@MODEL
def test_one_class_trains_on_normals_alone(model: str, small, start) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    run = start(model, split=split, epochs=1, distorted=False)
    anomaly_discriminator = weights(run.gan.anomaly_discriminator)
    (record,) = run.epochs()
    on_normals = weighing(run.config) - set(estimate.ON_ANOMALIES)
    assert set(record.losses) == on_normals | {"discriminator_normal"}
    assert set(record.discriminator_accuracy) == {"normal"}
    assert record.images_per_second == pytest.approx(5 * 32 / record.seconds)
    assert 0.0 < record.validation_auroc < 1.0
    assert same(weights(run.gan.anomaly_discriminator), anomaly_discriminator)


@MODEL
@pytest.mark.parametrize("value", [math.nan, 1e25], ids=["nan", "overflow"])
def test_divergence_stops_the_training_and_keeps_the_last_average(model: str, value: float, start) -> None:
    run = start(model)
    epochs = run.epochs()
    next(epochs)
    kept = weights(run.generator)
    with torch.no_grad():
        list(run.gan.normal_discriminator.parameters())[-1].fill_(value)  # squared, 1e25 is infinite in float32
    with pytest.raises(TrainingDiverged, match="epoch 2"):
        next(epochs)
    assert same(weights(run.generator), kept)
    assert finite(run.generator)
    assert len(run.history) == run.best_epoch == 1
    assert same(run.best_weights, kept)


@MODEL
def test_a_gradient_that_is_not_finite_does_not_reach_the_average(model: str, start) -> None:
    run = start(model)
    epochs = run.epochs()
    next(epochs)
    next(iter(run.gan.generator.parameters())).register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(TrainingDiverged):
        next(epochs)
    assert finite(run.generator)


def test_a_short_training_finds_anomalies(small_split, quick) -> None:
    run = Training("traditional", quick("traditional", epochs=8, ema_decay=0.8), small_split, 0, "cpu")
    records = list(run.epochs())
    assert records[-1].validation_auroc > 0.8


@MODEL
def test_a_repair_training_mends_better_with_every_epoch(model: str, small_split) -> None:
    config = config_class(model)(epochs=6, batch_size=32, ema_decay=0.8)
    repair = [record.losses["repair"] for record in Training(model, config, small_split, 0, "cpu").epochs()]
    # An epoch is five steps: it may be a little worse than the one before by chance, but not than the one before that.
    assert all(later < earlier for earlier, later in zip(repair, repair[2:], strict=False))
    assert repair[-1] < 0.6 * repair[0]


@MODEL
def test_the_original_objective_trains_on_whole_images_and_anomalies_alone(model: str, small_split) -> None:
    config = default_config(model, "seen", "original")
    config = msgspec.structs.replace(config, epochs=4, batch_size=32, ema_decay=0.8)
    run = Training(model, config, small_split, 0, "cpu")
    records = list(run.epochs())
    assert set(records[0].losses) == {*weighing(config), "discriminator_normal", "discriminator_anomaly"}
    assert not {"repair", "as_normal"} & set(records[0].losses)
    name = "mse" if model == "traditional" else "l1"
    assert records[-1].losses[name] < records[0].losses[name]


@MODEL
@pytest.mark.parametrize("changes", [{"damaged": 1.0}, {"damaged": 0.0}, {"batch_size": 2}, {"batch_size": 3}])
def test_a_step_of_few_images_of_a_kind_is_a_step(model: str, changes: dict, start) -> None:
    run = start(model, **changes)
    seen: list[Progress] = []
    list(run.epochs(should_stop=after(2), on_step=seen.append))
    assert ("repair" in seen[-1].losses) == (run.config.undamaged < run.config.batch_size)
    assert all(torch.isfinite(value) for value in seen[-1].losses.values())
    assert finite(run.generator)


@MODEL
def test_nine_labels_train_beside_distorted_normals(model: str, small, start) -> None:
    run = start(model, split=tasks.split(Task(anomalies=9), small), epochs=1)
    (record,) = run.epochs()
    assert weighing(run.config) <= set(record.losses)


@MODEL
@pytest.mark.parametrize("judge_all", [True, False])
def test_the_normal_discriminator_learns_from_the_kinds_that_it_judges(model: str, judge_all: bool, start) -> None:
    run, twin = start(model, judge_all=judge_all), start(model, judge_all=judge_all)
    seen: list[Progress] = []
    list(run.epochs(should_stop=after(1), on_step=seen.append))

    normal, damaged, anomaly = next(twin.batches.epoch())
    judge = twin.gan.normal_discriminator
    with torch.no_grad():  # batch norm is over all kinds together
        made = twin.gan.generator.train()(torch.cat([normal.images, damaged.images, anomaly.images]))
        made = made.split([8, 24, 32])
        fake = torch.cat([made[0][:4], made[1][:12], made[2][:16]]) if judge_all else made[0]
        expected = (judge(torch.cat([normal.images, damaged.targets])) - 1).square().mean() + judge(
            fake
        ).square().mean()
        if judge_all:
            expected += judge(anomaly.images).square().mean()
    assert seen[0].losses["discriminator_normal"].item() == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_fewer_normals_than_a_batch_are_one_batch(model: str, small_split) -> None:
    few = dataclasses.replace(small_split, train_normal=small_split.train_normal[:5])
    config = config_class(model)(epochs=2, batch_size=64, least_steps=3)
    run = training.Training(model, config, few, 0, "cpu")
    seen: list[int] = []
    records = list(run.epochs(on_step=lambda progress: seen.append(progress.step)))
    assert run.config.batch_size == 5 and seen == [1, 2, 3, 1, 2, 3]
    assert all(math.isfinite(value) for record in records for value in record.losses.values())


def test_a_single_normal_is_an_error(small_split) -> None:
    one = dataclasses.replace(small_split, train_normal=small_split.train_normal[:1])
    with pytest.raises(DataError, match="There are 1 normal training images; at least 2 are needed"):
        training.Training("traditional", config_class("traditional")(), one, 0, "cpu")


@pytest.mark.parametrize("seed", [2**64, -(2**64)])
def test_a_seed_beyond_64_bits_is_an_error_a_user_can_put_right(seed: int, start) -> None:
    with pytest.raises(ConfigError, match="seed"):
        start("traditional", seed=seed)


def test_a_device_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert build.pick_device("auto") == torch.device("cpu")
    with pytest.raises(ConfigError, match="no CUDA device"):
        build.pick_device("cuda")
    with pytest.raises(ConfigError, match=r"'tpu'.*auto, cpu, cuda"):
        build.pick_device("tpu")


def test_a_finished_training_does_not_go_on(trained) -> None:
    for run in trained.values():
        before = weights(run.generator)
        assert list(run.epochs()) == []
        assert same(weights(run.generator), before)


def test_finish_trains_to_the_end_and_chooses_the_heats_share(quick, small_split, trained) -> None:
    run = Training("traditional", quick("traditional"), small_split, 7, "cpu")
    next(run.epochs())
    run.generator.share = 0.9  # not what would be chosen
    generator = run.finish()
    expected = trained["traditional"].generator
    assert generator.share == scoring.choose(expected, small_split, run.config).share
    assert all(torch.equal(*pair) for pair in zip(generator.parameters(), expected.parameters(), strict=True))
