"""The sandbox's teacher: an OpenAI-compatible server whose model is code, with planted defects."""
