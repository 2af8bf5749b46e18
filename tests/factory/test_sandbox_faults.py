"""Fault knobs: each fault as a client sees it, shares that repeat, knobs changed at run time."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from factory.errors import UsageError
from factory.sandbox.amap.answers import INFOCODES
from factory.sandbox.faults import Faults
from tests.factory.sandbox_wire import served

GEOCODE = "/v3/geocode/geo?key=K&address=beijing"
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


def connect(base: str, timeout_s: float = 5.0) -> http.client.HTTPConnection:
    parts = urlsplit(base)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port or 0, timeout=timeout_s)


def ask(
    base: str, method: str, path: str, body: bytes | None = None, timeout_s: float = 5.0
) -> tuple[int, dict[str, str], bytes]:
    connection = connect(base, timeout_s)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def set_knobs(base: str, **knobs: Any) -> None:
    assert ask(base, "POST", "/_faults", orjson.dumps(knobs))[0] == 200


@pytest.mark.parametrize("infocode", sorted(INFOCODES))
def test_each_infocode_can_be_given(base: str, infocode: str) -> None:
    set_knobs(base, always=infocode)
    status, _headers, body = ask(base, "GET", GEOCODE)
    assert status == 200
    assert orjson.loads(body) == {"status": "0", "info": INFOCODES[infocode], "infocode": infocode}


def test_429_comes_with_and_without_retry_after(base: str) -> None:
    set_knobs(base, always="429")
    status, headers, _body = ask(base, "GET", GEOCODE)
    assert (status, "Retry-After" in headers) == (429, False)
    set_knobs(base, always="429_retry_after", retry_after_s=2.5)
    status, headers, body = ask(base, "POST", CHAT, b"{}")
    assert (status, headers["Retry-After"]) == (429, "2.5")
    assert orjson.loads(body)["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(("fault", "status"), [("5xx", 500), ("502", 502), ("503", 503), ("504", 504)])
def test_server_errors_are_given_by_both_servers(base: str, fault: str, status: int) -> None:
    set_knobs(base, always=fault)
    assert ask(base, "GET", GEOCODE)[0] == status
    got, _headers, body = ask(base, "POST", CHAT, b"{}")
    assert got == status
    assert orjson.loads(body)["error"]["type"] == "server_error"


def test_an_html_page_may_stand_where_json_should(base: str) -> None:
    set_knobs(base, always="html")
    status, headers, body = ask(base, "GET", GEOCODE)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert body.startswith(b"<html>")


def test_a_dropped_connection_has_no_answer(base: str) -> None:
    set_knobs(base, always="drop")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(base, "GET", GEOCODE)


def test_half_a_body_breaks_off_before_its_announced_end(base: str) -> None:
    set_knobs(base, always="half_body")
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(base, "GET", GEOCODE)
    assert caught.value.partial.startswith(b"{")
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(caught.value.partial)


def test_a_streamed_answer_breaks_off_too(base: str) -> None:
    task = "任务：地点=清华大学；城市=北京市；需求数=1"
    asked = {"model": "sandbox/teacher-v1", "stream": True, "messages": [{"role": "user", "content": task}]}
    set_knobs(base)
    whole = ask(base, "POST", CHAT, orjson.dumps(asked))[2]
    assert whole.rstrip().endswith(b"[DONE]")
    set_knobs(base, always="half_body")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        ask(base, "POST", CHAT, orjson.dumps(asked))


def test_a_hanging_request_outlives_the_clients_patience_and_ends_when_told(base: str) -> None:
    set_knobs(base, always="hang")
    with pytest.raises(TimeoutError):
        ask(base, "GET", GEOCODE, timeout_s=0.05)
    set_knobs(base, always="hang", hang_s=0.01)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(base, "GET", GEOCODE)


def test_latency_delays_each_answer(base: str) -> None:
    set_knobs(base, latency_ms=300)
    with pytest.raises(TimeoutError):
        ask(base, "GET", GEOCODE, timeout_s=0.05)
    assert ask(base, "GET", GEOCODE)[0] == 200
    set_knobs(base)


def test_latencies_are_spread_evenly_around_their_mean_and_the_same_for_a_seed() -> None:
    def drawn(seed: int) -> list[float]:
        faults = Faults(seed, {"latency_ms": 200, "latency_spread": 0.5})
        return [(faults.latency_s("chat"), faults.next_fault("chat"))[0] for _ in range(2_000)]

    latencies = drawn(1)
    assert 0.1 <= min(latencies) < 0.105
    assert 0.295 < max(latencies) <= 0.3
    assert sum(latencies) / len(latencies) == pytest.approx(0.2, rel=0.02)
    assert drawn(1) == latencies != drawn(2)
    assert Faults(1, {"latency_ms": 200}).latency_s("chat") == 0.2


def test_a_provider_can_go_down_in_the_middle_and_come_back(base: str) -> None:
    set_knobs(base, always="10044", after=2)
    codes = [orjson.loads(ask(base, "GET", GEOCODE)[2])["infocode"] for _ in range(4)]
    assert codes == ["10000", "10000", "10044", "10044"]
    set_knobs(base)
    assert orjson.loads(ask(base, "GET", GEOCODE)[2])["infocode"] == "10000"


def test_one_server_can_be_spoilt_alone(base: str) -> None:
    set_knobs(base, map={"always": "503"}, chat={})
    assert ask(base, "GET", GEOCODE)[0] == 503
    assert ask(base, "GET", "/v1/models")[0] != 503


def test_the_tally_counts_requests_answers_and_faults() -> None:
    with served() as fresh:
        ask(fresh, "GET", GEOCODE)
        set_knobs(fresh, always="503")
        ask(fresh, "GET", GEOCODE)
        tally = orjson.loads(ask(fresh, "GET", "/_stats")[2])
    assert tally["requests"] == {"/v3/geocode/geo": 2}
    assert tally["served"] == {"/v3/geocode/geo": 1}
    assert tally["faults"] == {"503": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        b"[]",
        b"{",
        b'{"nonsense": 1}',
        b'{"always": "418"}',
        b'{"shares": {"429": 0.7, "drop": 0.7}}',
        b'{"shares": {"429": -1}}',
        b'{"latency_ms": "slow"}',
        b'{"latency_ms": 1, "latency_spread": 1.1}',
        b'{"chat": {"always": "10021"}}',
        b'{"map": []}',
    ],
)
def test_knobs_that_make_no_sense_are_refused_with_a_sentence_and_change_nothing(base: str, wrong: bytes) -> None:
    set_knobs(base, always="503")
    status, _headers, body = ask(base, "POST", "/_faults", wrong)
    assert status == 400
    assert orjson.loads(body)["error"].endswith(".")
    assert ask(base, "GET", GEOCODE)[0] == 503
    set_knobs(base)


def test_shares_hold_and_repeat_with_the_seed() -> None:
    settings = {"shares": {"429": 0.05, "10021": 0.1}}

    def draw(seed: int) -> list[str | None]:
        faults = Faults(seed, settings)
        return [faults.next_fault("map") for _ in range(4000)]

    first = draw(1)
    assert first == draw(1)
    assert first != draw(2)
    # 4000 draws at 0.05 and 0.1: 200 and 400 expected, standard deviations 14 and 19; five of them allowed.
    assert 130 < first.count("429") < 270
    assert 305 < first.count("10021") < 495


def test_an_infocode_for_both_channels_concerns_the_map_alone() -> None:
    faults = Faults(0, {"shares": {"10021": 1.0}})
    assert faults.next_fault("map") == "10021"
    assert faults.next_fault("chat") is None
    with pytest.raises(UsageError):
        Faults(0, {"always": "nonsense"})
