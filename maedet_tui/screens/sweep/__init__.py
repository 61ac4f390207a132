"""A sweep: its searches, the front as it grows, their courses, and the spread over seeds."""
