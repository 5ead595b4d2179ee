"""Codes: sound as a few numbers a column, to be edited, played and continued.

A column is four latents (46.4 ms). Its codes are one number for each level: the first names the
nearest entry of a codebook, each further one the entry nearest to what is still missing.
"""

CODES_SUFFIX = ".distillcodes"  # of a file of codes
