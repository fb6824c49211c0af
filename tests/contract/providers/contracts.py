"""The vendors' own OpenAPI files: what a request and an answer look like."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.contract.providers.api_server import Request

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


def asked(vendor: str, request: Request) -> None:
    """Raise unless a whole request is what the vendor's file describes.

    That is its address, parameters, what lets it in, its content type and its body.
    """
    _description(vendor).validate_request(_Asked(spec(vendor), request))


@cache
def _description(vendor: str) -> OpenAPI:
    return OpenAPI.from_dict(spec(vendor))


class _Asked:
    """A request that came to loopback, as if it had come to the vendor."""

    def __init__(self, described: Any, request: Request) -> None:
        server = described["servers"][0]["url"]
        self.host_url = "/".join(server.split("/")[:3])
        self.path = request.path
        self.method = request.method.lower()
        self.content_type = request.headers.get("Content-Type", "")
        self.body = request.body or None
        pairs = [(name, one) for name, more in request.query.items() for one in more]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(pairs), header=Headers(request.headers)
        )
