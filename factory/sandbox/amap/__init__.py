"""The sandbox's map service: AMap's wire format over the invented city."""
