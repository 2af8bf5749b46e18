"""What every training process would load for itself: imported once, before the fork."""

from train import completing, run, tokenizer

tokenizer.qwen3()
__all__ = ["completing", "run", "tokenizer"]
