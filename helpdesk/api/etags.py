"""Entity tags of single resources: a hash of the bytes, so they need no column and cannot be forgotten.

What `include` adds is hashed into a second part: a client may PATCH with the tag of either representation.
"""

from hashlib import blake2b

from django.http import HttpRequest


def etag(base: bytes, extra: bytes = b"") -> str:
    tag = blake2b(base, digest_size=12).hexdigest()
    if extra:
        tag += "." + blake2b(extra, digest_size=8).hexdigest()
    return f'"{tag}"'


def matches(header: str, tag: str) -> bool:
    """Whether a list of entity tags, as in If-Match and If-None-Match, names this one."""
    offered = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in offered or tag in offered


def same_base(header: str, tag: str) -> bool:
    """Like matches, for a precondition: what was included besides the resource itself does not matter."""
    offered = [part.strip().removeprefix("W/").strip('"').partition(".")[0] for part in header.split(",")]
    return "*" in offered or tag.strip('"').partition(".")[0] in offered


def is_fresh(request: HttpRequest, tag: str) -> bool:
    """Whether the client's copy, named by If-None-Match, is still good."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    return header is not None and matches(header, tag)
