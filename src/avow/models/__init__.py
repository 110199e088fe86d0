"""Models: their names, what is known of each, and their prices."""
