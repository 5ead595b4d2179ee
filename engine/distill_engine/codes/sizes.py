"""The sizes that codebooks may have. Imports no framework."""

LEVELS = (2, 3, 4)  # of codebooks
SIZES = (64, 128, 256)  # codes of a level
COMPONENTS = 128  # of a column, at most
LEAST_COMPONENTS = 8  # of those that are asked for
MOST_BEAM = 16  # sums that a search for codes keeps
