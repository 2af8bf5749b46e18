"""Open map data: files of OpenStreetMap, Overture, Foursquare or a table, read once into an index of places."""
