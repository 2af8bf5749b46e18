"""An export described in Croissant (MLCommons' vocabulary of data sets, 1.0), so that catalogues find its fields. Pure.

Source of the vocabulary: the specification at docs.mlcommons.org/croissant/docs/croissant-spec.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS: Final = {"jsonl": "application/jsonlines", "parquet": "application/x-parquet"}


@dataclass(frozen=True, slots=True)
class Described:
    """What a description needs to know. ``files``: split to file name; ``digests``: file name to SHA-256; ``licence`` in words."""

    files: Mapping[str, str]
    digests: Mapping[str, str]
    columns: pa.Schema
    file_format: str
    licence: str
    written_on: str
    """ISO date"""


def croissant(export: Described) -> dict[str, Any]:
    """The JSON-LD of an export: one record set a split."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "chidian-restaurant-recommendations",
        "description": (
            "Chinese restaurant recommendations, each checked against its map evidence. See README.md. "
            "Lists of records inside a column (proof's evidence, claims, recommendations) stand in the files and not here."
        ),
        "inLanguage": "zh",
        "license": export.licence,
        "version": "1.0.0",
        "datePublished": export.written_on,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "encodingFormat": _FORMATS[export.file_format],
                "sha256": export.digests[name],
            }
            for name in export.files.values()
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": split,
                "name": split,
                "field": [_column(split, name, column) for column in export.columns],
            }
            for split, name in export.files.items()
        ],
    }


def _column(split: str, file: str, column: pa.Field) -> dict[str, Any]:
    """A column as a field; a record's parts, or those of a list of records, are its subfields, each found by a path."""
    named = {"@type": "cr:Field", "@id": f"{split}/{column.name}", "name": column.name}
    source = {"fileObject": {"@id": file}, "extract": {"column": column.name}}
    record = column.type.value_type if pa.types.is_list(column.type) else column.type
    if not pa.types.is_struct(record):
        return {**named, "dataType": _word(record), "source": source}
    parts = [part for part in record if not _holds_records(part.type)]
    several = {"repeated": True} if pa.types.is_list(column.type) else {}
    return {**named, **several, "subField": [_part(split, column.name, part, source) for part in parts]}


def _part(split: str, column: str, part: pa.Field, source: Mapping[str, Any]) -> dict[str, Any]:
    several = pa.types.is_list(part.type)
    return {
        "@type": "cr:Field",
        "@id": f"{split}/{column}/{part.name}",
        "name": part.name,
        "dataType": _word(part.type.value_type if several else part.type),
        **({"repeated": True} if several else {}),
        "source": {**source, "transform": {"jsonPath": part.name}},
    }


def _holds_records(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_struct(kind.value_type))


def _word(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Boolean" if pa.types.is_boolean(kind) else "sc:Text"
