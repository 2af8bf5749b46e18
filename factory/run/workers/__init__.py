"""Orders run in several processes that share one limiter, one coordinator, one ledger and one map (``WORKERS=n``).

The parent keeps all that must be one: it answers what its workers ask over a socket pair each (desk.py). A worker holds the
agents, the verifier and the sockets to the teacher (process.py), and sees the parent through the same interfaces that stand
before local ones (remote.py). docs/decisions/0009 says why it is cut there.
"""
