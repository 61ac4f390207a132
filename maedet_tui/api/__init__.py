"""The public face: what a notebook or a script needs, under the names of `maedet_tui`.

It words errors and reads presets as the command line does, and runs the same engine.
"""
