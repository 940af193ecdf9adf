"""How long a training will take, below the form: from a step that was measured on this machine."""

import subprocess

import streamlit as st

from core.runs import estimate
from core.runs.folders import Request


@st.cache_resource
def _measuring() -> dict[str, subprocess.Popen[bytes]]:
    """Measurements under way, of all sessions: one at a time."""
    return {}


def show(request: Request, plan: estimate.Plan) -> None:
    """Say how long it will take; where nothing like it has been measured here, time a few steps first."""
    speed = estimate.known(request)
    if speed is not None:
        _say(request, plan, speed)
        return
    under_way = _measuring()
    if not any(worker.poll() is None for worker in under_way.values()):
        tried = under_way.get(estimate.key(request))
        under_way.clear()
        if tried is not None:  # it ended and wrote nothing
            under_way[estimate.key(request)] = tried
            st.caption(
                ":material/schedule: How long it will take could not be measured; the run will tell once it goes."
            )
            return
        under_way[estimate.key(request)] = estimate.measure(request)
    _wait(request, plan)


@st.fragment(run_every=1.0)
def _wait(request: Request, plan: estimate.Plan) -> None:
    """Say that a step is being timed, until it is."""
    speed = estimate.known(request)
    if speed is not None:
        _say(request, plan, speed)
    elif not any(worker.poll() is None for worker in _measuring().values()):
        st.rerun()
    else:
        st.caption(f":material/schedule: {_size(request, plan)}; a step is being timed…")


def _say(request: Request, plan: estimate.Plan, speed: estimate.Speed) -> None:
    whole = speed.run(plan, request.config.epochs)
    st.caption(
        f":material/schedule: **About {duration(whole)}**: {_size(request, plan)}, "
        f"{1000 * speed.step:.0f} ms each as last measured on this machine.",
        help="Steps, one validation an epoch, and the time to start and to score at the end. Other work on the machine makes it longer.",
    )


def _size(request: Request, plan: estimate.Plan) -> str:
    epochs = request.config.epochs
    return f"{epochs:,} epoch{'s' * (epochs != 1)} of {plan.steps:,} step{'s' * (plan.steps != 1)}"


def duration(seconds: float) -> str:
    """A time span in words a person would use: 45 s, 3 min, 2 h 10 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"
