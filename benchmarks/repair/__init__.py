"""Trials of the repair objective: generators that learn to mend defects, and how well their residuals point at them."""
