"""The report: views in, statistics from their own package, one self-contained HTML file out, with its numbers and pictures."""

from judge.report.write import write_report

__all__ = ["write_report"]
