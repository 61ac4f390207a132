"""Structures as text, and back: YAML of our own, and the authors' `structure_info`.

Nothing here opens a file, and nothing in a file is ever executed.
"""
