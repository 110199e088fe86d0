"""The record of every exchange: what is kept, found again, counted, given out and taken away."""
