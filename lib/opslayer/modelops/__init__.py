"""Every model behind one call, and what keeps it honest: versions, scores, drift, experiments, fallback."""
