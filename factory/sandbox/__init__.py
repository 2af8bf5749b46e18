"""The sandbox: an invented city and a simulated teacher that speak the real wire formats on loopback."""
