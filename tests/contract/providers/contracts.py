"""The vendors' own OpenAPI files: what a request and an answer look like."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SPECS = Path(__file__).parents[1] / "specs"


@cache
def spec(vendor: str) -> Any:
    return json.loads((SPECS / f"{vendor}.json").read_bytes())


def check(vendor: str, schema: str, document: object) -> None:
    """Raise unless the document is what the vendor's file describes.

    `schema` is the name of a component, or a pointer to where it stands.
    """
    rules = {**spec(vendor), "$ref": _pointer(schema)}
    jsonschema.Draft202012Validator(rules).validate(document)


def keys(vendor: str, schema: str) -> set[str]:
    found = spec(vendor)
    for part in _pointer(schema).removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return set(found["properties"])


def _pointer(schema: str) -> str:
    return schema if schema.startswith("#") else f"#/components/schemas/{schema}"


def parameters(vendor: str, path: str, method: str) -> dict[str, Any]:
    """Return the schemas of an operation's parameters, by name."""
    operation = spec(vendor)["paths"][path][method]
    return {item["name"]: item["schema"] for item in operation["parameters"]}
