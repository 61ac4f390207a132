"""Many searches side by side: planned, searched by processes of their own, compared as a front."""
