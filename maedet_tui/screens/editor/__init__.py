"""The editor of presets: the text, its problems, and how it is saved."""
