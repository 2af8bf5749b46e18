"""How every chart of ours looks: one palette, a font that has Chinese, PNG bytes, or SVG that follows a page's own colours.

Used by the run's timeline here and by the judge's report; matplotlib is imported only by who draws.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

INK, MUTED, LINE, PAPER = "#22252b", "#6b6f76", "#dcd8cf", "#fffefb"
SERIES = ("#1f6f8b", "#c8871e", "#b5432a", "#4d8b4a", "#7a5ea8")
VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    PAPER: "var(--card)",
    **{color: f"var(--s{number})" for number, color in enumerate(SERIES, start=1)},
}
"""In SVG each colour becomes the page's CSS variable, so that one drawing serves light, dark and print."""
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Arial Unicode MS",
)
WIDTH_IN, HEIGHT_IN = 3.8, 2.8
"""One chart: narrow enough that its letters stay readable when a phone shows it at full width."""
_PNG_DPI = 200


def chinese_font() -> str | None:
    """The first installed family that has Chinese, or None."""
    installed = set(fontManager.get_font_names())
    return next((name for name in CHINESE_FONTS if name in installed), None)


@contextmanager
def drawing() -> Iterator[None]:
    """Everything drawn inside has our look."""
    font = chinese_font()
    settings = {
        "font.family": [*([font] if font else []), "DejaVu Sans"],
        "font.size": 9,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.labelsize": 9,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": LINE,
        "axes.facecolor": PAPER,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": False,
        "figure.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "svg.fonttype": "none",
        "svg.hashsalt": "chidian",
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Without a Chinese font the PNG is drawn with English words, and SVG text takes the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def figure(width_in: float = WIDTH_IN, height_in: float = HEIGHT_IN) -> Figure:
    """An empty figure of our size; nothing global is touched, so that threads may draw."""
    return Figure(figsize=(width_in, height_in))


def png(drawn: Figure) -> bytes:
    """The figure as PNG."""
    out = io.BytesIO()
    FigureCanvasAgg(drawn)
    drawn.savefig(out, format="png", dpi=_PNG_DPI)
    return out.getvalue()


def svg(drawn: Figure, name: str) -> str:
    """The figure as an SVG element for a page: its text stays text, its colours are CSS variables, its ids begin with ``name``."""
    out = io.StringIO()
    FigureCanvasSVG(drawn)
    drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style)\b.*?</\1>|<(?:metadata|style)\b[^>]*/>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r"font-family: [^;\"]*;?|font: ([\d.]+px) [^;\"]*;?", _size_only, text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    for color, variable in VARIABLES.items():
        text = text.replace(color, variable)
    return re.sub(r"\n\s*", "\n", text)


def _size_only(style: re.Match[str]) -> str:
    return f"font-size: {style[1]};" if style[1] else ""
