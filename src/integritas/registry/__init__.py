"""Models and their versions: which one judges for whom."""
