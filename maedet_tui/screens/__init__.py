"""What fills the terminal: the preset picker, the dashboard, and what pops up over them."""
