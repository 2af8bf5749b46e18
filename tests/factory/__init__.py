"""Tests of factory."""
