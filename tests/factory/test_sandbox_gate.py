"""Keys, signatures, rates and quotas of the sandbox's map server: all refusals are HTTP 200 with an infocode."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5

import orjson
import pytest

from factory.sandbox.amap.answers import InfocodeRefusal
from factory.sandbox.amap.server import AccountGate, MapOptions, read_options, signed
from tests.factory.sandbox_wire import get, get_raw, served

ADDRESS = {"address": "清华大学", "city": "北京市"}


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    with served(keys=("right",), secret="S") as url:
        yield url


def test_both_published_signature_vectors_hold() -> None:
    first = {"a": "23", "b": "12", "c": "67", "d": "48", "f": "8", "sig": "a89e8c2266d888860c46672d77d069f3"}
    assert signed(first, "bbbbb")
    second = {"key": "K", "center": "114.05,22.54", "sig": "b278ba382dbbf3cbe12e48a475e4ad1b"}
    assert signed(second, "S")
    assert not signed(second, "T")
    assert not signed({**second, "center": "114.05,22.55"}, "S")


def signature(params: dict[str, str]) -> str:
    joined = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    return md5((joined + "S").encode(), usedforsecurity=False).hexdigest()


def test_a_request_signed_over_raw_chinese_is_let_through(strict: str) -> None:
    params = {"key": "right", **ADDRESS, "output": "JSON", "note": "a b+c,d|e"}
    body = get(strict, "/v3/geocode/geo", **params, sig=signature(params))
    assert body["status"] == "1"


@pytest.mark.parametrize("sig", [{}, {"sig": "0" * 32}, {"sig": "签名"}])
def test_without_the_right_signature_the_answer_is_10007(strict: str, sig: dict[str, str]) -> None:
    body = get(strict, "/v3/geocode/geo", key="right", **ADDRESS, **sig)
    assert (body["infocode"], body["info"]) == ("10007", "INVALID_USER_SIGNATURE")


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_bad_or_missing_key_is_10001_at_http_200_and_may_be_repeated(strict: str, key: str) -> None:
    status, _type, raw = get_raw(strict, "/v3/geocode/geo", key=key, **ADDRESS)
    body = orjson.loads(raw)
    assert (status, body["status"], body["infocode"]) == (200, "0", "10001")
    assert body["key"] == key


def test_a_signature_nobody_asked_for_is_ignored() -> None:
    with served() as base:
        assert get(base, "/v3/geocode/geo", **ADDRESS, sig="x")["status"] == "1"


def test_more_requests_a_second_than_allowed_are_10021() -> None:
    with served(qps=3.0) as base:
        codes = [get(base, "/v3/geocode/geo", **ADDRESS)["infocode"] for _ in range(4)]
        assert codes == ["10000"] * 3 + ["10021"]
        assert get(base, "/v3/geocode/geo", **ADDRESS, key="other")["infocode"] == "10000"
        assert get(base, "/v3/geocode/regeo", location="116.3,39.9")["infocode"] == "10000"


def test_the_rate_is_a_sliding_second() -> None:
    gate = AccountGate(MapOptions(qps=2.0))
    codes = []
    for now_s in (0.0, 0.5, 0.9, 1.0, 1.4, 1.5):
        try:
            gate.admit({"key": "K"}, "/x", "search", now_s)
            codes.append("ok")
        except InfocodeRefusal as refused:
            codes.append(refused.infocode)
    assert codes == ["ok", "ok", "10021", "ok", "10021", "ok"]


def test_a_month_ends_by_group_and_refused_requests_count() -> None:
    with served(month_search=2, month_code="10003") as base:
        asked = {"location": "116.3,39.9"}
        codes = [get(base, "/v3/place/around", **asked)["infocode"] for _ in range(3)]
        assert codes == ["10000", "10000", "10003"]
        assert get(base, "/v3/geocode/geo", **ADDRESS)["infocode"] == "10000"


def test_a_callback_wraps_success_and_refusal() -> None:
    with served() as base:
        _status, content_type, body = get_raw(base, "/v3/geocode/geo", key="K", callback="cb", **ADDRESS)
        assert content_type.startswith("text/javascript")
        assert body.startswith(b"cb({")
        assert orjson.loads(body[3:-1])["status"] == "1"
        refused = get_raw(base, "/v3/geocode/geo", key="K", callback="cb", address="")[2]
        assert orjson.loads(refused[3:-1])["infocode"] == "20001"


def test_a_path_that_does_not_exist_is_refused_with_an_infocode() -> None:
    with served() as base:
        assert get(base, "/v3/place/nonsense")["infocode"] == "10002"


@pytest.mark.parametrize("bad", [{"month_code": "1"}, {"age": "1999"}, {"keys": "K"}, {"nonsense": 1}])
def test_options_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_options(bad)
