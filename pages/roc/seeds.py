"""Every finished training of results.csv: methods and seeds, a panel and a table for each regime."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import results
from core.words import METHOD_NAMES
from pages.parts import charts, models
from pages.parts.link import class_name
from pages.parts.models import Chosen


def draw(one: Chosen) -> None:
    """Every finished training of results.csv for this class: methods and seeds, a table and a panel for each regime."""
    rows = results.read()
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
        "that is why they have no curve here. Regimes answer different questions and stand apart."
    )
    for regime, group in rows.groupby("regime", sort=False):
        st.markdown(f"###### {str(regime).capitalize()} regime", help=models.REGIME_HELP[str(regime)])
        figure, table = go.Figure(), []
        order = group.groupby("method")["auroc"].mean().sort_values().index
        for method in order:
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
            deviation = areas.std(ddof=1) if len(areas) > 1 else np.nan
            table.append((name, len(areas), areas.mean(), deviation, areas.min(), areas.max()))
        figure.update_xaxes(title="Test AUROC; bars: 95 % interval over test images")
        figure.update_layout(height=110 + 42 * len(order))
        charts.show(
            figure,
            f"seeds_{regime}",
            f"AUROC in the {regime} regime: " + "; ".join(f"{name} {mean:.3f}" for name, _, mean, *_ in table) + ".",
        )
        frame = pd.DataFrame(reversed(table), columns=["Method", "Trainings", "Mean", "SD", "Lowest", "Highest"])
        number = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(
            frame.dropna(axis="columns", how="all"),
            hide_index=True,
            column_config=dict.fromkeys(("Mean", "SD", "Lowest", "Highest"), number),
            key=f"seed_table_{regime}",
        )
