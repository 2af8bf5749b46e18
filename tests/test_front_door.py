"""A way out that a sentence names is a command that its reader has: make in a checkout, chidian from a wheel."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from factory.front_door import IN_CHECKOUT, as_installed
from factory.settings import read

ROOMS = ("factory", "warehouse", "train", "judge")


@pytest.mark.parametrize(
    ("checkout", "wheel"),
    [
        ("run `make synth` first.", "run `chidian synth` first."),
        ("make it anew: `make warehouse REBUILD=1`.", "make it anew: `chidian warehouse --rebuild 1`."),
        (
            'More: make sql DATA=d Q="select question, answer from samples limit 3"',
            'More: chidian sql --data d "select question, answer from samples limit 3"',
        ),
        (
            "KEY=... make synth TEACHER=a/b-c BUDGET=20 DATA=d; more",
            "KEY=... chidian synth --teacher a/b-c --budget 20 --data d; more",
        ),
        ("for instance make train MODEL_NAME=tiny-2.", "for instance chidian train --model-name tiny-2."),
        ("we make sure, and make trains", "we make sure, and make trains"),
    ],
)
def test_a_sentence_names_make_in_a_checkout_and_chidian_elsewhere(checkout: str, wheel: str) -> None:
    assert as_installed(checkout, in_checkout=True) == checkout
    assert as_installed(checkout, in_checkout=False) == wheel


def test_every_make_line_that_our_sentences_name_is_a_command_that_reads_its_flags() -> None:
    assert IN_CHECKOUT
    root = Path(__file__).parent.parent
    named = {
        line
        for room in ROOMS
        for file in (root / room).rglob("*.py")
        for line in re.findall(r"`(make [a-z]+(?: [A-Z0-9_]+=[^\s`{}<.]+)*)`", file.read_text(encoding="utf-8"))
    } - {"make help"}  # told to whoever typed make
    assert {"make synth", "make warehouse REBUILD=1"} <= named
    for line in sorted(named):
        command, word, *flags = shlex.split(as_installed(line, in_checkout=False))
        assert command == "chidian"
        read(word, flags)
