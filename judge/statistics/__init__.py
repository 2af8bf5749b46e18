"""One statistic a file; formula and source on top; pure and seeded."""
