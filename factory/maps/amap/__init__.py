"""AMap 高德: requests, signature, infocodes, and answers as typed pois."""
