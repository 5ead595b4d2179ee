"""Shared parts of all benchmarks: arguments, the machine, result files, tables, claims, markers."""
