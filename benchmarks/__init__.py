"""How fast the API answers, in ratios to bare floors measured in the same minutes. Run with `make bench`."""
