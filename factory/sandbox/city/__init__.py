"""The invented city: tiles, restaurants, names and menus as pure functions of a seed."""
