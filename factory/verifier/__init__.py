"""The verifier: takes a candidate apart into claims and checks each against the evidence. Pure functions, no I/O."""

from factory.verifier.checks import verify
from factory.verifier.public import verify_row
from factory.verifier.reading import named_restaurants, read_claims

__all__ = ["named_restaurants", "read_claims", "verify", "verify_row"]
