"""Passes through the children of one generation, side by side in other processes.

A score is a function of structure, seed and passes, whatever was scored before and where: who
scores what is a matter of speed alone, and what a lost worker was at is scored again.
"""
