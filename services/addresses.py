"""Checks the addresses that an operator sets, so that a wrong one stops the start with a sentence."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qs, urlsplit

from pydantic_core import PydanticCustomError

SANDBOX_PATH = "/sandbox/wechat"
SMS_SANDBOX_PATH = "/sandbox/sms"


def problem(sentence: str) -> PydanticCustomError:
    """What is wrong with the settings, in one sentence without its full stop."""
    return PydanticCustomError("settings", "{sentence}", {"sentence": sentence})


def check_database_url(name: str, url: str) -> None:
    """The address of a database, in the variable `name`.

    Raises:
        PydanticCustomError: what is wrong, in one sentence that does not repeat it.
    """
    try:
        parts = urlsplit(url)
        ports = [parts.port, *(int(port) for port in parse_qs(parts.query).get("port", []))]
    except ValueError:
        raise problem(f"{name} is no URL") from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise problem(f"{name} must be a URL that begins with postgresql://")
    if not parts.path.strip("/") or 0 in ports:
        raise problem(f"{name} must name a database, as in postgresql://role@host:5432/name")


def check_wechat_api(address: str, *, production: bool) -> None:
    """WeChat's own address in production, and elsewhere any.

    Raises:
        PydanticCustomError: what is wrong, in one sentence.
    """
    try:
        url = urlsplit(address)
        host = url.hostname or ""
    except ValueError:
        raise problem("WECHAT_API is no URL") from None
    if url.scheme not in {"http", "https"} or not host or url.query or url.fragment:
        raise problem("WECHAT_API must be a URL like https://api.weixin.qq.com")
    if production and (url.scheme != "https" or _is_local(host) or url.path.startswith(SANDBOX_PATH)):
        raise problem("WECHAT_API must be WeChat's own https address in production, never a sandbox")


def check_sms_api(address: str) -> None:
    """The address of a gateway for text messages, or none.

    Raises:
        PydanticCustomError: what is wrong, in one sentence.
    """
    if address and re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", address) is None:
        raise problem("SMS_API must be a URL like https://gateway.example/messages")


def check_proxies(proxies: str) -> None:
    """The proxies whose word counts, by comma, or none.

    Raises:
        PydanticCustomError: what is wrong, in one sentence.
    """
    for each in proxies.split(",") if proxies else []:
        try:
            ip_network(each.strip())
        except ValueError:
            raise problem("TRUSTED_PROXIES must be addresses or networks like 10.0.0.0/8, by comma") from None


def _is_local(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
