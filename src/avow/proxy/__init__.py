"""A relay between another client and the API: what passes is untouched, and a copy of it is judged."""
