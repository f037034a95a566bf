"""What the notebooks teach with: players, plots, sources, claims, exercises."""
