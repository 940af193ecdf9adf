import time

from core import checkpoints, jobs
from core.config import config_class
from core.regimes import Task
from tests.pages.conftest import words


def until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.1)


def test_start_watch_and_find_the_model_in_the_picker(open_page, own_runs):
    app = open_page("train", model="traditional")
    app.number_input(key="train_epochs_traditional_seen").set_value(1)
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception and not app.error
    (run,) = jobs.statuses()
    until(lambda: not jobs.status(run.name).active)
    assert jobs.status(run.name).state == "finished", jobs.status(run.name).reason

    app.run()
    assert run.name in {value for column in [app.dataframe[0].value["Run"]] for value in column}
    next(button for button in app.button if button.label.startswith("Use this model")).click().run()
    app.switch_page("pages/browse/page.py").run()
    assert not app.exception
    assert app.sidebar.selectbox(key="trained").value == run.name


def test_stop_keeps_the_model_so_far(open_page, own_runs):
    app = open_page("train", model="traditional")
    app.number_input(key="train_epochs_traditional_seen").set_value(1000)
    next(button for button in app.button if button.label == "Start training").click().run()
    (run,) = jobs.statuses()
    until(lambda: jobs.status(run.name).epoch >= 1)
    app.run()
    next(button for button in app.button if button.label == "Start training").click().run()
    assert f"{run.name} is still training" in app.error[0].value
    assert len(jobs.statuses()) == 1
    app.button(key="stop_run").click().run()
    until(lambda: not jobs.status(run.name).active)
    assert jobs.status(run.name).state == "stopped"
    card = checkpoints.load(own_runs / run.name / "checkpoint").card
    assert card.stopped_early and card.epochs_trained >= 1


def test_impossible_settings_are_refused_with_the_reason(open_page):
    app = open_page("train")
    app.segmented_control(key="train_regime").set_value("unseen").run()
    app.selectbox(key="train_left_out").select("t-shirt")
    next(button for button in app.button if button.label == "Start training").click().run()
    assert "not the normal one" in app.error[0].value
    assert not jobs.statuses()


def test_too_many_anomalies_for_the_data_fail_with_the_reason(open_page, own_runs):
    name = jobs.start(jobs.Request("traditional", Task(anomalies=54_000), config_class("traditional")()))
    until(lambda: not jobs.status(name).active)
    assert jobs.status(name).state == "failed"
    assert "54000 labelled anomalies were asked for" in jobs.status(name).reason
    app = open_page("train")
    assert "54000 labelled" in app.error[0].value


def test_the_starter_set_is_named_with_the_way_to_more(open_page):
    app = open_page("train")
    assert "starter set" in words(app)
    assert any("Fetch all" in button.label for button in app.button)
