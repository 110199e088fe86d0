"""Small faults put into the pure rooms, to see whether their own tests find them."""
