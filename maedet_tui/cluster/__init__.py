"""Ray clusters: joined, or begun for this machine alone. Ray is an extra, and imported late."""
