"""What fills the terminal: a folder for each screen, and what pops up over all of them."""
