"""Scorers: the entropy of a structure, by forward passes or in closed form."""
