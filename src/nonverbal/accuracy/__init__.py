"""How close the pipeline comes to a known truth: one table, one picture."""
