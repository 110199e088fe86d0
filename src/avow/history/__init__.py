"""The record of every exchange: kept, found again, counted, exported and removed."""
