"""How the tables of an older version become those of the next: one file for each version."""
