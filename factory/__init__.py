"""The data factory: orders, agents, verification, admission, commit."""
