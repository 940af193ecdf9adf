import io
import time
import zipfile

import pytest
from msgspec.structs import replace

from core.data import fashion_mnist
from core.data.tasks import Task
from core.gans.config import KIM, config_class
from core.gans.recipes import default_config
from core.runs import estimate, folders, listing, queue, transfer
from core.runs.request import Request
from core.runs.status import read_status
from core.runs.worker import Worker
from core.store import checkpoints
from pages.train import curves, fields
from tests.pages.conftest import words


@pytest.fixture(autouse=True)
def measured():
    """The form's estimates are known, so that no test waits for a measurement that it is not about; no run outlives its test."""
    for model in ("traditional", "dcgan"):
        for regime, anomalies in (("seen", 6003), ("one-class", 0)):
            estimate.remember(
                Request(model, Task("t-shirt", regime, anomalies), default_config(model, regime)),
                estimate.Speed(0.1, 1.0, 8.0),
            )
    yield
    for status in listing.statuses():
        if status.state == "queued":
            queue.stop(status.name)
    for worker in queue._WORKERS.values():
        worker.kill()
        worker.wait()
    queue._WORKERS.clear()


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def idle(name):
    return not read_status(name).busy and read_status(name).state != "queued"


def trained(epochs=2, after=None, seed=0, **changes):
    """A run carried out in this process. Returns its name."""
    config = config_class("traditional")(
        hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=epochs, **changes
    )
    taken = []
    with queue.here(Request("traditional", Task(anomalies=90), config, seed)) as name:
        Worker(name, "cpu").run(lambda: len(taken) == after, on_step=taken.append)
    return name


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_start_watch_and_find_the_model_in_the_picker(open_page, own_runs):
    app = open_page("train", model="traditional")
    app.number_input(key="train_epochs_traditional_seen").set_value(1).run()
    press(app, "Start training")
    assert not app.exception and not app.error
    (run,) = listing.statuses()
    until(lambda: idle(run.name))
    assert read_status(run.name).state == "finished", read_status(run.name).reason

    app.run()
    assert run.name in set(app.dataframe[0].value["Run"])
    next(button for button in app.button if button.label.startswith("Use the best and last")).click().run()
    assert "shown on every page" in words(app)
    app.switch_page("pages/browse/page.py").run()
    assert not app.exception
    assert app.sidebar.selectbox(key="trained").value == run.name


def test_a_second_run_waits_stop_keeps_and_resume_goes_on(open_page, own_runs):
    app = open_page("train", model="traditional")
    app.number_input(key="train_epochs_traditional_seen").set_value(1000).run()
    press(app, "Start training")
    (run,) = listing.statuses()
    until(lambda: read_status(run.name).epoch >= 1)
    app.run()
    press(app, "Add to the queue")
    (waiting,) = [status for status in listing.statuses() if status.state == "queued"]
    assert waiting.name in words(app)
    app.button(key=f"unqueue_{waiting.name}").click().run()
    assert read_status(waiting.name).state == "stopped"
    app.button(key=f"stop_{run.name}").click().run()
    until(lambda: idle(run.name))
    assert read_status(run.name).state == "stopped"
    card = checkpoints.load(own_runs / run.name / "checkpoint").card
    assert card.stopped_early and card.epochs_trained >= 1

    app.run()
    app.selectbox(key="run_shown").select(run.name).run()
    assert "the model so far is kept" in words(app)
    press(app, "Resume")
    assert read_status(run.name).state == "running"
    assert not app.exception
    listed = app.dataframe[0].value.set_index("Run")  # its row stays, with what is kept of it so far
    assert listed.loc[run.name, "State"] == "running" and " at " in listed.loc[run.name, "Best by validation"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda app: app.number_input(key="train_anomalies").set_value(54_000), "54000 labelled anomalies were asked for"),
        (lambda app: app.number_input(key="train_anomalies").set_value(8), "at least 9"),
        (lambda app: app.number_input(key="train_traditional_batch_size").set_value(9000), "Batch size (images) is 9000; it must be between 2 and 8192. It is under More."),
        (lambda app: app.text_input(key="train_traditional_hidden").set_value("many"), "write whole numbers"),
        (lambda app: app.text_input(key="train_traditional_hidden").set_value("1, 9000"), "between 1 and 8192"),
    ],
)  # fmt: skip
def test_impossible_settings_are_said_before_the_start_which_is_then_off(change, said, open_page):
    app = open_page("train", model="traditional")
    change(app).run()
    assert not app.exception
    assert said in app.error[0].value
    assert any(
        app.error[0].value.startswith(mark.value.partition(" ")[2]) for mark in app.markdown
    )  # beside the field, too
    assert app.button(key="train_start").disabled
    assert not listing.statuses()


def test_the_unseen_regime_leaves_out_a_class_that_is_not_the_normal_one(open_page):
    app = open_page("train", model="traditional", normal="shirt")
    app.segmented_control(key="train_regime").set_value("unseen").run()
    assert not app.error and not app.button(key="train_start").disabled
    assert app.selectbox(key="train_left_out").value == "t-shirt"
    assert "Shirt" not in app.selectbox(key="train_left_out").options
    app.selectbox(key="train_left_out").select("bag").run()
    app.selectbox(key="train_normal").select("bag").run()  # the class that was left out until now
    assert not app.error and app.selectbox(key="train_left_out").value == "t-shirt"


def test_with_every_loss_off_there_is_nothing_to_train(open_page):
    app = open_page("train", model="dcgan")
    for name in config_class("dcgan")().loss_names:
        app.toggle(key=f"train_dcgan_on_{name}").set_value(False)
    app.run()
    assert "switch on at least one" in app.error[0].value


def test_the_form_follows_the_sidebar(open_page):
    app = open_page("train", model="traditional", normal="bag")
    assert app.segmented_control(key="train_model").value == "traditional"
    assert app.selectbox(key="train_normal").value == "bag"
    app.sidebar.selectbox(key="model").select("dcgan").run()
    app.sidebar.selectbox(key="normal").select("coat").run()
    assert (app.segmented_control(key="train_model").value, app.selectbox(key="train_normal").value) == (
        "dcgan",
        "coat",
    )
    app.selectbox(key="train_normal").select("dress").run()  # and may go another way
    assert app.selectbox(key="train_normal").value == "dress"


def test_every_field_of_the_config_is_in_the_form_and_gets_into_the_run(open_page):
    app = open_page("train", model="dcgan")
    app.number_input(key="train_dcgan_learning_rate").set_value(0.001)
    app.text_input(key="train_dcgan_widths").set_value("4, 8, 8, 16")
    app.toggle(key="train_dcgan_on_latent").set_value(False)
    app.number_input(key="train_dcgan_abc").set_value(2.0)
    app.toggle(key="train_dcgan_flip").set_value(False)
    app.run()
    press(app, "Start training")
    (run,) = listing.statuses()
    config = folders.request_of(run.name).config
    assert (config.learning_rate, config.widths, config.latent, config.abc, config.flip) == (
        0.001,
        (4, 8, 8, 16),
        0.0,
        2.0,
        False,
    )
    changed = {"learning_rate", "widths", "latent", "abc", "flip"}
    default = default_config("dcgan", "seen")
    assert all(
        getattr(config, name) == getattr(default, name) for name in default.__struct_fields__ if name not in changed
    )
    keys = {widget.key for kind in (app.number_input, app.toggle, app.text_input) for widget in kind}
    assert {f"train_dcgan_{name}" for name in default.__struct_fields__ if name != "epochs"} <= keys
    queue.stop(run.name)


def test_presets_fill_the_form_and_the_estimate_is_of_a_measured_step(open_page):
    app = open_page("train", model="dcgan")
    assert "About 75 s" in words(app)  # 28 epochs of 14 steps of 0.1 s and one validation of 1 s each, and 8 s
    app.button(key="preset_as in the paper").click().run()
    assert app.number_input(key="train_epochs_dcgan_seen").value == 300
    assert {name: app.number_input(key=f"train_dcgan_{name}").value for name in KIM} == KIM
    assert not app.toggle(key="train_dcgan_on_repair").value and not app.toggle(key="train_dcgan_on_as_normal").value
    assert not app.toggle(key="train_dcgan_judge_all").value
    assert app.text_input(key="train_dcgan_widths").value == "8, 16, 32, 64"
    assert app.number_input(key="train_dcgan_abc_scale").value == 1.0
    app.button(key="preset_quick look").click().run()
    assert app.number_input(key="train_epochs_dcgan_seen").value == 8
    assert app.toggle(key="train_dcgan_on_repair").value and app.toggle(key="train_dcgan_judge_all").value
    app.button(key="preset_as shipped").click().run()
    assert app.number_input(key="train_epochs_dcgan_seen").value == 28
    assert app.number_input(key="train_dcgan_abc").value == 4.0
    app.segmented_control(key="train_model").set_value("traditional").run()
    assert app.button(key="preset_as in the paper").disabled
    app.button(key="preset_without repair").click().run()
    assert not app.error
    press(app, "Start training")
    (run,) = listing.statuses()
    assert folders.request_of(run.name).config == default_config("traditional", "seen", "original")
    queue.stop(run.name)


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
@pytest.mark.parametrize("regime", ["seen", "one-class"])
def test_an_untouched_form_is_the_default_of_its_model_and_regime(model, regime, open_page):
    app = open_page("train", model=model)
    app.segmented_control(key="train_regime").set_value(regime).run()
    press(app, "Start training")
    (run,) = listing.statuses()
    assert folders.request_of(run.name).config == default_config(model, regime)
    queue.stop(run.name)


def test_a_weight_that_was_typed_stays_when_the_regime_changes_and_the_others_follow(open_page):
    app = open_page("train", model="dcgan")
    app.number_input(key="train_dcgan_repair").set_value(7.0).run()
    assert app.number_input(key="train_dcgan_abc").value == default_config("dcgan", "seen").abc
    app.segmented_control(key="train_regime").set_value("one-class").run()
    assert app.number_input(key="train_dcgan_repair").value == 7.0
    assert app.number_input(key="train_dcgan_abc").value == default_config("dcgan", "one-class").abc
    app.segmented_control(key="train_regime").set_value("seen").run()
    assert app.number_input(key="train_dcgan_abc").value == default_config("dcgan", "seen").abc


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_every_setting_and_every_loss_has_a_label_and_an_explanation_of_its_own(model):
    config = default_config(model, "seen")
    labels = [fields.field(name, getattr(config, name)).label for name in config.__struct_fields__ if name != "epochs"]
    assert len(set(labels)) == len(labels)
    known = fields.TRAINING | fields.SWITCHES | fields.WIDTHS | fields.LOSSES
    assert set(config.__struct_fields__) - {"epochs"} <= set(known)


def test_losses_come_in_the_order_of_the_story(open_page):
    app = open_page("train", model="dcgan")
    shown = [toggle.label for toggle in app.toggle if (toggle.key or "").startswith("train_dcgan_on_")]
    told = [loss.label for loss in fields.LOSSES.values()]
    assert len(shown) == 9
    names = list(default_config("dcgan", "seen").loss_names)
    assert names.index("adversarial_normal") < names.index("repair") < names.index("as_normal") < names.index("abc")
    name = trained()
    records = folders.history(name)
    titles = [chart["title"] for chart in curves.charts([(name, records, None)], 2)]
    losses = [title for title in titles if title in told]
    assert losses == ["MSE", "Normal adversarial", "Repair", "As normal", "Negative MSE", "Normal discr. loss"]
    odd = [replace(record, losses={"sparse": 1.0} | record.losses) for record in records]
    assert [chart["title"] for chart in curves.charts([(name, odd, None)], 2)][-1] == "sparse"  # a model's own


def test_how_long_a_network_takes_that_was_never_trained_here_is_said_to_be_unknown(open_page):
    app = open_page("train", model="traditional")
    assert "About" in words(app) and "as last measured on this machine" in words(app)
    app.text_input(key="train_traditional_hidden").set_value("17").run()
    assert "no epoch of such a network has ended on this machine yet" in words(app)
    assert not app.button(key="train_start").disabled


def test_compare_rename_and_delete(open_page, own_runs):
    first, second = trained(), trained(seed=1)
    app = open_page("train")
    app.selectbox(key="run_shown").select(first).run()
    app.selectbox(key="run_rival").select(second).run()
    assert not app.exception
    listed = app.dataframe[0].value.set_index("Run")
    assert list(listed.loc[[first, second], "Differs in"]) == ["seed 0", "seed 1"]
    for name in (first, second):
        best = max(folders.history(name), key=lambda record: record.validation_auroc)
        assert listed.loc[name, "Best by validation"] == f"{best.validation_auroc:.4f} at {best.epoch}"
    assert f"Latest result: **{second}**, finished after 2 of 2 epochs, validation AUROC 0." in words(app)
    press(app, "Rename")
    app.text_input(key="rename_to").set_value("mine")
    app.button(key="rename_now").click().run()
    assert {status.name for status in listing.statuses()} == {"mine", second}
    assert not app.exception

    app = open_page("train")
    app.selectbox(key="run_shown").select("mine").run()
    press(app, "Delete")
    assert "gone for good" in words(app)
    app.button(key="delete_not").click().run()
    assert (own_runs / "mine").exists()
    press(app, "Delete")
    assert "primary" not in app.button(key="delete_now").proto.type  # it does not look like Start
    app.button(key="delete_now").click().run()
    assert [status.name for status in listing.statuses()] == [second]


def test_export_reads_as_a_folder_and_comes_back_by_import(open_page, own_runs, tmp_path, capsys):
    from core.__main__ import main

    name = trained()
    packed = transfer.pack(checkpoints.load(own_runs / name / "checkpoint"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "out")
    assert main(["evaluate", "--checkpoint", str(tmp_path / "out" / name)]) == 0
    capsys.readouterr()

    app = open_page("train")
    app.file_uploader[0].upload("model.zip", packed).run()
    app.button(key="import_now").click().run()
    assert not app.exception and not app.error
    imported = next(status.name for status in listing.statuses() if status.name != name)
    assert app.selectbox(key="run_shown").value == imported
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr("weights.pkl", b"a pickle")
    app.file_uploader[0].upload("odd.zip", buffer.getvalue()).run()  # said when it is dropped, not when it is imported
    assert "weights.pkl is no part of a trained model" in app.error[0].value
    assert app.button(key="import_now").disabled
    assert len(listing.statuses()) == 2


def test_a_run_that_died_offers_to_go_on_or_to_keep(open_page, own_runs):
    config = config_class("traditional")(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=100, epochs=10_000)
    name = queue.start(Request("traditional", Task(anomalies=90), config))
    until(lambda: folders.resumable(name))
    queue._WORKERS[name].kill()
    until(lambda: idle(name))
    app = open_page("train")
    assert "The worker was killed. Resume it from its last finished epoch, or keep" in app.error[0].value
    assert "None" not in app.error[0].value
    press(app, "Keep what it has learned")
    until(lambda: idle(name))
    assert read_status(name).state == "stopped"
    assert checkpoints.load(own_runs / name / "checkpoint").generator() is not None


def test_the_starter_set_is_named_with_the_way_to_more(open_page):
    app = open_page("train")
    assert "starter set" in words(app)
    assert any("Fetch all" in button.label for button in app.button)


def test_without_training_images_the_runs_are_still_there(open_page, tmp_path, monkeypatch):
    name = trained()
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    app = open_page("train")
    assert not app.exception
    assert "FASHION_MNIST_DIR" in app.error[0].value
    assert name in set(app.dataframe[0].value["Run"])
    monkeypatch.delenv("FASHION_MNIST_DIR")
    monkeypatch.setattr(fashion_mnist, "SHIPPED", tmp_path)
    app = open_page("train")
    assert any("Fetch all" in button.label for button in app.button)


def test_a_run_that_ended_in_its_first_epoch_says_why_there_is_no_curve(open_page):
    name = trained(epochs=2, after=3)
    app = open_page("train")
    assert not app.exception
    assert any(f"{name} ended within its first epoch" in info.value for info in app.info)


def test_an_empty_name_is_said_to_be_empty(open_page):
    name = trained(epochs=1)
    app = open_page("train")
    press(app, "Rename")
    app.text_input(key="rename_to").set_value("  ")
    app.button(key="rename_now").click().run()
    assert "The name is empty" in app.session_state["_rename_trouble"][0]  # the dialog says it; AppTest has closed it
    assert read_status(name) is not None


def test_the_form_is_in_the_link_so_that_a_reload_finds_it_as_it_was(open_page):
    app = open_page("train", model="traditional")
    app.segmented_control(key="train_regime").set_value("unseen").run()
    app.selectbox(key="train_left_out").select("bag").run()
    app.number_input(key="train_seed").set_value(3).run()
    app.number_input(key="train_traditional_learning_rate").set_value(0.001).run()
    app.text_input(key="train_traditional_hidden").set_value("32, 16").run()
    app.toggle(key="train_traditional_flip").set_value(False).run()
    app.toggle(key="train_traditional_on_repair").set_value(False).run()
    link = app.query_params["form"]
    text = link[0] if isinstance(link, list) else link
    again = open_page("train", model="traditional", form=text)  # a new session
    assert not again.exception and not again.warning
    assert again.segmented_control(key="train_regime").value == "unseen"
    assert again.selectbox(key="train_left_out").value == "bag"
    assert again.number_input(key="train_seed").value == 3
    assert again.number_input(key="train_traditional_learning_rate").value == 0.001
    assert again.text_input(key="train_traditional_hidden").value == "32, 16"
    assert not again.toggle(key="train_traditional_flip").value
    assert not again.toggle(key="train_traditional_on_repair").value
    default = default_config("traditional", "unseen")
    assert again.number_input(key="train_traditional_batch_size").value == default.batch_size
    assert "form" not in open_page("train", model="traditional").query_params  # an untouched form needs no link


@pytest.mark.parametrize(
    "text", ["seed:many", "colour:red", "traditional_flip:maybe", "epochs_cnn_seen:3", "seed:1;;x"]
)
def test_a_form_in_the_link_that_cannot_be_read_is_said_so(text, open_page):
    app = open_page("train", model="traditional", form=text)
    assert not app.exception
    assert any("should be settings of the Train page" in warning.value for warning in app.warning)


def test_a_run_stopped_within_an_epoch_is_named_with_its_steps(open_page):
    name = trained(epochs=8, after=7 + 6)
    app = open_page("train")
    assert not app.exception
    label = next(button.label for button in app.button if button.label.startswith("Use the"))
    card = checkpoints.load(folders.folder(name) / "checkpoint").card
    kind = "last" if (folders.folder(name) / "best").exists() else "best and last"
    assert label.startswith(
        f"Use the {kind} (epoch 1 + 6 steps, validation AUROC {card.validation.auroc:.4f}, test AUROC"
    )
