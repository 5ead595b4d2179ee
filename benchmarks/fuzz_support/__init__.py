"""Kinds of input from outside, each with a strategy that knows its structure and a reader."""
