"""Scores and labels into figures: ROC, AUROC, costs, paired differences. numpy only."""
