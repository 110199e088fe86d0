"""Screens as text, as they stand on terminals of three widths."""
