"""How a wheel of this package is built."""
