"""Templates as Jinja2 compiles them, kept for whoever prints the same ones again."""

from types import CodeType

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

_MOST = 1000  # templates; a project has about sixty, each once or twice per language
_KEPT: dict[tuple[str, ...], CodeType] = {}


class Kept(BytecodeCache):
    """Compiled templates of one language and one way of escaping.

    Both are part of what is kept: what a filter makes of a constant is computed while a
    template is compiled. The same words in another folder are the same template, under
    the name that its own file has.
    """

    def __init__(self, language: str, *, autoescape: bool) -> None:
        """Share with all who print in this language, escaping or not."""
        self._kind = (language, str(autoescape))

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        """Return the code of this template if it is kept, or an empty bucket."""
        bucket = _Named(environment, filename or name, (*self._kind, name, source))
        if code := _KEPT.get(bucket.what):
            bucket.code = code.replace(co_filename=bucket.file)
        return bucket

    def set_bucket(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if isinstance(bucket, _Named) and bucket.code is not None:
            if len(_KEPT) >= _MOST:
                _KEPT.clear()
            _KEPT[bucket.what] = bucket.code


class _Named(Bucket):
    def __init__(
        self, environment: Environment, file: str, what: tuple[str, ...]
    ) -> None:
        self.environment = environment
        self.file = file
        self.what = what
        self.code: CodeType | None = None
