"""How what ships with the package was made from data. Nothing of the product imports it."""
