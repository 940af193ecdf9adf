"""Scores and labels into figures: ROC, AUROC, costs, differences. numpy only."""
