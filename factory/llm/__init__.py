"""Asking models: one interface, a direct OpenAI-compatible transport, litellm for the rest."""
