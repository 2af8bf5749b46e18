"""One run from plan to exactly N: services, coordinator, executors, progress and the command that wires them."""
