"""What every request passes on its way out: slots of the limits, pace, retries, money."""
