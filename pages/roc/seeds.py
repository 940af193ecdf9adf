"""The main table's trainings of results.csv: methods and seeds, a panel and a table for each regime."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.basics.names import METHOD_NAMES
from core.study import figures, results
from pages.parts import charts, models
from pages.parts.link import class_name
from pages.parts.models import Chosen


def draw(one: Chosen) -> None:
    """The main table's trainings of results.csv for this class: methods and seeds, a table and a panel for each regime."""
    rows = figures.main_rows(results.read())
    normal = one.checkpoint.task.normal
    rows = rows[rows["normal"] == normal]
    if rows.empty:
        st.info(
            f"results.csv has no figures for {class_name(normal)} yet. `python -m core results --normal {normal}` measures them.",
            icon=":material/table_chart:",
        )
        return
    st.caption(
        "From results.csv: whole test split, one dot a training. Baselines store no scores per image, only these figures; "
        "that is why they have no curve here. Regimes answer different questions and stand apart. In the unseen regime a mean is over "
        "the left-out classes, each a mean over seeds, and SD over seeds is within a class. Trainings with fewer losses or "
        "fewer labels are on the Results page."
    )
    for regime, group in rows.groupby("regime", sort=False):
        lines = figures.summary(group).sort_values("mean", ascending=False)
        st.markdown(f"###### {str(regime).capitalize()} regime", help=models.REGIME_HELP[str(regime)])
        figure = go.Figure()
        for method in lines["method"][::-1]:  # the best at the top
            cells = group[group["method"] == method].sort_values("auroc")
            areas, name = cells["auroc"].to_numpy(), METHOD_NAMES.get(method, method)
            figure.add_scatter(
                x=areas,
                y=[name] * len(areas),
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": cells["auroc_high"] - areas,
                    "arrayminus": areas - cells["auroc_low"],
                    "thickness": 1,
                },
                customdata=np.stack([cells["seed"], [class_name(c) if c else "all nine" for c in cells["left_out"]]], 1),
                mode="markers",
                showlegend=False,
                marker={"size": 10, "color": charts.MODELS.get(method, charts.NEUTRAL),
                        "symbol": {"dcgan": "diamond", "traditional": "square"}.get(method, "circle")},
                hovertemplate=f"{name}, seed %{{customdata[0]}}<br>anomalies: %{{customdata[1]}}<br>AUROC %{{x:.4f}}<extra></extra>",
            )  # fmt: skip
        figure.update_xaxes(title="Test AUROC; bars: 95 % interval over test images")
        figure.update_layout(height=110 + 42 * len(lines))
        told = (f"{METHOD_NAMES.get(line.method, line.method)} {line.mean:.3f}" for line in lines.itertuples())
        charts.show(figure, f"seeds_{regime}", f"AUROC in the {regime} regime: {'; '.join(told)}.")
        shown = {"method": "Method", "trainings": "Trainings", "mean": "Mean", "sd_seeds": "SD over seeds"}
        if regime == "unseen":
            shown["sd_classes"] = "SD over left-out classes"
        number = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(
            lines.replace({"method": METHOD_NAMES})[list(shown)].rename(columns=shown),
            hide_index=True,
            column_config=dict.fromkeys(("Mean", "SD over seeds", "SD over left-out classes"), number),
            key=f"seed_table_{regime}",
        )
