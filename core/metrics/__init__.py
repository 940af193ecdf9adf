"""Figures computed from scores and labels: ROC, AUROC, costs, differences. numpy only."""
