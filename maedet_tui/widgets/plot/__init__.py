"""Plots in a terminal's cells: what is drawn, on which axes, and with which characters."""
