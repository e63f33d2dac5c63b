"""The demo data set: believable, the same each time, and as large as asked for."""
