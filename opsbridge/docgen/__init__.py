"""Documentation made from the mapping tables alone; needs no framework and no kernel."""
