"""Structures as things to look at, whatever they come from, and several of them side by side."""
