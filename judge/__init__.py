"""The judge: blind questions, verdicts, statistics, report."""
