"""Built-in presets: YAML files, carried by the wheel as package data."""
