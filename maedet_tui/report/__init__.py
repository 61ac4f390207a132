"""A report of searches to share: what they were asked, what they found, and how to go on."""
