"""Map services behind one interface: AMap, the sandbox city, open map data."""
