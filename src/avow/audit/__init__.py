"""Whether what answers under a name has changed: probe cards, the test, the record, and the words of a result."""
