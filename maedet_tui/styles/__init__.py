"""Colours and the style sheets of the screens."""
