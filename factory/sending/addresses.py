"""Base URLs as people set them: checked before anything is sent, and read for their host; pure."""

from __future__ import annotations

from yarl import URL

from factory.errors import UsageError
from factory.wire_text import quoted


def checked_url(setting: str, text: str | None) -> str | None:
    """A base URL as it was set, or None. Raises UsageError when no request could be sent to it."""
    if text is None or not text.strip():
        return None
    url = text.strip()
    try:
        parsed = URL(url)
        whole = parsed.scheme in {"http", "https"} and bool(parsed.host) and parsed.port != 0
    except ValueError:
        whole = False
    if not whole:
        scheme = "" if "://" in url else f" (http://{quoted(url, 80)} ?)"
        raise UsageError(
            f"{setting}={quoted(url, 80)} is no address: it must begin with http:// or https:// and a host, and a port behind it "
            f"must be from 1 to 65535{scheme}."
        )
    return url


def host_of(url: str) -> str:
    """The host of a base URL, lower case; "" for none."""
    try:
        return (URL(url).host or "").lower()
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """Whether a base URL is on this machine."""
    host = host_of(url)
    return host in {"localhost", "::1"} or host.startswith("127.")
