"""An export described in Croissant (MLCommons' vocabulary of data sets, 1.0), so that catalogues find its fields. Pure.

Source of the vocabulary: the specification at docs.mlcommons.org/croissant/docs/croissant-spec.html.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS: Final = {"jsonl": "application/jsonlines", "parquet": "application/x-parquet"}


def croissant(
    files: Mapping[str, str], digests: Mapping[str, str], columns: pa.Schema, file_format: str
) -> dict[str, Any]:
    """The JSON-LD of an export. ``files``: split to file name; ``digests``: file name to SHA-256; one record set a split."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "chidian-restaurant-recommendations",
        "description": "Chinese restaurant recommendations, each checked against its map evidence. See README.md.",
        "inLanguage": "zh",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "encodingFormat": _FORMATS[file_format],
                "sha256": digests[name],
            }
            for name in files.values()
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": split,
                "name": split,
                "field": [_field(split, name, column, file_format) for column in columns],
            }
            for split, name in files.items()
        ],
    }


def _field(split: str, file: str, column: pa.Field, file_format: str) -> dict[str, Any]:
    extract = {"column": column.name} if file_format == "parquet" else {"jsonPath": f"$.{column.name}"}
    return {
        "@type": "cr:Field",
        "@id": f"{split}/{column.name}",
        "name": column.name,
        "dataType": "sc:Text",
        "source": {"fileObject": {"@id": file}, "extract": extract},
    }
