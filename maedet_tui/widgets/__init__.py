"""Parts that several screens share; each draws what it is shown and keeps nothing else."""
