"""The dashboard's parts; each draws what it is shown and keeps nothing else."""
