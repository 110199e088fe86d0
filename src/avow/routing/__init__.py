"""Who answered: the verdict on an exchange, with its evidence."""
