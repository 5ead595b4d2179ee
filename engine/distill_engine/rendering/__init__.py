"""Offline work with a model: render, resynthesise, compare, analyse, verify."""
