"""How long a training will take, shown below the form; estimated from earlier runs on this machine."""

import streamlit as st

from core.runs import estimate
from core.runs.request import Request


def show(request: Request, plan: estimate.Plan) -> None:
    """Say how long the training will take, or that this is unknown before the first run of such a network."""
    speed = estimate.known(request)
    if speed is None:
        st.caption(
            f":material/schedule: {_size(request, plan)}. How long it takes is known a few seconds after the start: no epoch "
            "of such a network has ended on this machine yet, on about as many images."
        )
        return
    st.caption(
        f":material/schedule: **About {duration((1 + request.folds) * speed.run(plan, request.config.epochs))}**: {_size(request, plan)}, "
        f"{1000 * speed.step:.0f} ms each as last measured on this machine.",
        help="Steps, one validation an epoch, and the time to start and to score at the end. Other work on the machine makes it longer.",
    )


def _size(request: Request, plan: estimate.Plan) -> str:
    epochs = request.config.epochs
    return f"{epochs:,} epoch{'s' * (epochs != 1)} of {plan.steps:,} step{'s' * (plan.steps != 1)}"


def duration(seconds: float) -> str:
    """Write a time span given in seconds: 45 s, 3 min, 2 h 10 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"
