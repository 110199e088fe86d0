"""Text as people read it: blocks of code between fences, and moments by their own clock."""
