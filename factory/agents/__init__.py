"""One order's agent: the ReAct loop, the tools that it may call, its prompts, and what an order has gathered so far."""
