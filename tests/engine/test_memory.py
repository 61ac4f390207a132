"""Memory, threads and what is kept: of whole processes, within fixed limits."""
