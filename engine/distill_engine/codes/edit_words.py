"""Edits of codes in words, for the command line and the page."""

EDITS = {
    "set": "set LEVEL RANGE CODE: one code on a level",
    "shift": "shift LEVEL RANGE STEPS: along the order of the codes; neighbours sound alike",
    "replace": "replace LEVEL RANGE OLD NEW: one code by another",
    "random": "random LEVEL RANGE [SEED]: drawn from what the corpus has there",
    "swap": "swap LEVEL RANGE FILE: from another .distillcodes file, as far as it goes",
    "blend": "blend RANGE SHARE FILE: mixed with another .distillcodes file, 0 to 1 of it, snapped to codes",
    "like": "like RANGE FILE: the movement stays, the columns are those of another .distillcodes file",
    "copy": "copy RANGE AT: over what begins at column AT",
    "repeat": "repeat RANGE TIMES: so many times in all; 0 leaves it out",
    "reverse": "reverse RANGE: backwards",
    "nearest": "nearest LEVEL RANGE [RANK]: the code that sounds most alike, or the RANK-th",
    "fill": "fill RANGE [SEED]: drawn anew by the prior, from both sides",
}
"""What each edit does, by its first word."""
FILE_EDITS = {"swap": 3, "blend": 3, "like": 2}
"""The edits that end with a file, whose name may hold spaces, and which word it is."""
