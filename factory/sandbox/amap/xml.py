"""The map server's answers as XML, which v3 gives with output=XML: lists carry their type, nothing is an empty element. Pure."""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree as ET

import orjson

_ONE_OF: Final = {"cities": "city", "businessAreas": "businessArea", "lives": "live", "polylines": "polyline"}
"""How one element of a list is called, where it is not the list's name without its s."""


def as_xml(payload: bytes) -> bytes:
    """The JSON answer as ``<response>``."""
    root = ET.Element("response")
    _fill(root, orjson.loads(payload))
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + body


def _fill(node: ET.Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _fill(ET.SubElement(node, name), inner)
    elif isinstance(value, list):
        # An empty list is how JSON writes "nothing": here it is an empty element.
        if value:
            node.set("type", "list")
        name = _ONE_OF.get(node.tag, node.tag.removesuffix("s"))
        for inner in value:
            _fill(ET.SubElement(node, name), inner)
    else:
        node.text = str(value)
