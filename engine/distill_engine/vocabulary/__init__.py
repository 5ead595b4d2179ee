"""The vocabulary: one typed table of every address, parameter, range and unit.

Imports the standard library alone.
"""
