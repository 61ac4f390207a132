"""A search as the screens and the command line hold it: here, in another process, or ended."""
