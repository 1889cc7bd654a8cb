"""Requests one by one: access logs, load balancers' logs, k6, lines of JSON; real shapes, made-up numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.errors import TraceError
from tests.workloads.making import traced

HEAD = "192.0.2.1 - - [29/Mar/2020:12:00:0{} +0000] "
GET = '"GET / HTTP/1.1" 200 612'
AGENT = ' "-" "curl/7.0"'
K6 = "metric_name,timestamp,metric_value,check,error,status\n"
ALB = (
    "https 2020-03-29T12:00:0{}.500000Z app/lb/1 192.0.2.1:2817 10.0.0.1:80 {} {} {} 200 200 34 366 "
    '"GET https://example.org:443/ HTTP/1.1" "curl/7.46.0" ECDHE TLSv1.2 arn:aws:x "Root=1" "-" "-" 0\n'
)
CLASSIC = (
    "2020-03-29T12:00:0{}.500000Z my-lb 192.0.2.1:2817 10.0.0.1:80 0.1 0.2 0.2 200 200 0 29 "
    '"GET http://example.org:80/ HTTP/1.1" "curl/7.38.0" - -\n'
)


def log(*tails: str) -> str:
    """A line a second with these ends."""
    return "".join(HEAD.format(second) + tail + "\n" for second, tail in enumerate(tails))


def k6_json(metric: str, second: int, value: float) -> str:
    data = {"time": f"2020-03-29T14:00:0{second}.5+02:00", "value": value, "tags": {"status": "200"}}
    return json.dumps({"metric": metric, "type": "Point", "data": data}) + "\n"


#: name -> (content, arrivals from the first, service times or None, a part of a note)
READ: dict[str, tuple[str, list[float], list[float] | None, str]] = {
    "common": (log(GET, GET), [0, 1], None, "without request times"),
    "combined": (log(GET + AGENT, GET + AGENT), [0, 1], None, "without request times"),
    "over a change of clocks": (
        f"192.0.2.1 - - [29/Mar/2020:01:59:58 +0100] {GET}\n192.0.2.1 - - [29/Mar/2020:03:00:01 +0200] {GET}\n",
        [0, 3],
        None,
        "whole seconds",
    ),
    "a request time at the end": (
        log(f"{GET}{AGENT} 0.500", f"{GET}{AGENT} 0.250"),
        [0, 1.25],
        [0.5, 0.25],
        "came that",
    ),
    "in quotes": (log(f'{GET}{AGENT} "0.500"', f'{GET}{AGENT} "0.250"'), [0, 1.25], [0.5, 0.25], "came that"),
    "by name, among others": (
        log(f'{GET}{AGENT} rt=0.500 uct="0.1" urt="0.4"', f'{GET}{AGENT} rt=0.250 uct="0.1" urt="-"'),
        [0, 1.25],
        [0.5, 0.25],
        "came that",
    ),
    "request and upstream time": (
        log(f"{GET}{AGENT} 0.500 0.4", f"{GET}{AGENT} 0.250 -"),
        [0, 1.25],
        [0.5, 0.25],
        "came",
    ),
    "a whole number of unknown unit": (
        log(f"{GET}{AGENT} 51234", f"{GET}{AGENT} 999"),
        [0, 1],
        None,
        "whole number at the",
    ),
    "quotes, garbage and dashes in requests": (
        log('"GET /a\\"b HTTP/1.1" 404 -', '"\\x16\\x03\\x01" 400 150 "-" "-"', '"-" 408 0 "-" "-"'),
        [0, 1, 2],
        None,
        "without",
    ),
    "a virtual host, IPv6, a user": (
        (
            f"example.org:443 2001:db8::1 - jo [29/Mar/2020:12:00:00 +0000] {GET}\n"
            f"2001:db8::2 - - [29/Mar/2020:12:00:02 +0000] {GET}\n"
        ),
        [0, 2],
        None,
        "without",
    ),
    "CRLF, blank lines, no end of the last line": (
        log(GET, GET).replace("\n", "\r\n\r\n").rstrip(),
        [0, 1],
        None,
        "without",
    ),
    "application load balancer": (
        ALB.format(0, "0.1", "0.3", "0.1") + ALB.format(1, "0.0", "0.25", "0.0"),
        [0, 1.25],
        [0.5, 0.25],
        "load balancer's log",
    ),
    "a target that did not answer": (
        ALB.format(0, "0.1", "0.3", "0.1") + ALB.format(1, "-1", "-1", "-1"),
        [0, 1.5],
        [0.5, 0.0],
        "1 requests were not answered",
    ),
    "classic load balancer": (CLASSIC.format(0) + CLASSIC.format(2), [0, 2], [0.5, 0.5], "load balancer's log"),
    "k6": (
        K6
        + "http_reqs,1671829514,1.0,,,200\nhttp_req_duration,1671829514,500.0,,,200\nvus,1671829514,1,,,\n"
        + "http_reqs,1671829515,1.0,,,200\nhttp_req_duration,1671829515,250.0,,,200\n",
        [0, 1.25],
        [0.5, 0.25],
        "Not used: the metrics vus.",
    ),
    "k6, requests alone": (
        K6 + "http_reqs,1671829514,1.0,,,200\nhttp_req_duration,1671829514,5,,,200\nhttp_reqs,1671829516,1.0,,,200\n",
        [0, 2],
        None,
        "1 durations for 2 requests are not used",
    ),
    "k6, JSON": (
        json.dumps({"type": "Metric", "metric": "http_reqs", "data": {"name": "http_reqs"}})
        + "\n"
        + "".join(k6_json("http_reqs", n, 1) + k6_json("http_req_duration", n, 500) for n in range(2))
        + k6_json("data_sent", 1, 100),
        [0, 1],
        [0.5, 0.5],
        "Not used: the metrics data_sent.",
    ),
    "k6 in milliseconds": (
        K6 + "http_req_duration,1671829514500,500,,,200\nhttp_req_duration,1671829515500,250,,,200\n",
        [0, 1.25],
        [0.5, 0.25],
        "http_req_duration",
    ),
    "k6 in RFC 3339": (
        K6 + "http_req_duration,2022-12-23T21:05:14Z,500,,,200\nhttp_req_duration,2022-12-23T21:05:15Z,250,,,200\n",
        [0, 1.25],
        [0.5, 0.25],
        "http_req_duration",
    ),
    "an ingress controller": (
        log(
            f"{GET}{AGENT} 345 0.500 [ns-svc-80] [] 10.0.0.1:80 612 0.4 200 abc",
            f"{GET}{AGENT} 3 0.250 [a] [] b 6 0 200 d",
        ),
        [0, 1.25],
        [0.5, 0.25],
        "came that",
    ),
    "capital names": (
        log(f"{GET}{AGENT} RT=0.500 URT=0.4", f"{GET}{AGENT} RT=0.250 URT=-"),
        [0, 1.25],
        [0.5, 0.25],
        "came",
    ),
    "something else after the agent": (
        log(f'{GET}{AGENT} "10.0.0.1"', f'{GET}{AGENT} "-"'),
        [0, 1],
        None,
        "after the agent",
    ),
    "a log that begins with something else": (
        log(GET, GET).replace("192.0.2.1", "host", 1),
        [0, 1],
        None,
        "without request times",
    ),
    "an access log as JSON": (
        (
            '{"time":"2020-03-29T14:00:00+02:00","status":200,"request_time":0.500}\n'
            '{"time":"2020-03-29T14:00:01+02:00","status":404,"request_time":0.250}\n'
        ),
        [0, 1.25],
        [0.5, 0.25],
        "Not used: status.",
    ),
    "JSON with Unix times": ('{"ts": 1671829514.5}\n{"ts": 1671829516.0}\n', [0, 1.5], None, "times in s since 1970"),
    "requests to a language model": (
        '{"timestamp": 1000, "input_length": 5, "hash_ids": [1]}\n{"timestamp": 1500, "input_length": 6}\n',
        [0, 0.5],
        None,
        "Not used: input_length, hash_ids.",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_it_is_read_as_what_it_is(name: str, tmp_path: Path) -> None:
    text, arrivals, services, note = READ[name]
    path = tmp_path / "trace.log"
    path.write_text(text, newline="")
    workload = traced(path, as_recorded=True)
    tasks = workload.draw(0)
    assert tasks.arrival_s.tolist() == pytest.approx(arrivals, abs=1e-6)
    if services is not None:
        assert tasks.service_s.tolist() == pytest.approx(services)
    assert any(note in said for said in workload.notes), workload.notes


#: name -> (content, options, the line)
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a line of something else": (
        log(GET) + "kernel: oops\n" + log(GET),
        {},
        ":2: 'kernel: oops': is not a line of an access log",
    ),
    "a line cut short": (log(GET, GET)[:-20], {}, ":2: '192.0.2.1 - - [29/Mar/2020:12:00:01 +0000]"),
    "a line without the others' time": (
        log(f"{GET}{AGENT} 0.500", f"{GET}{AGENT} 0.500", f"{GET}{AGENT}"),
        {},
        ": no request time in a line that ends with",
    ),
    "JSON cut short": ('{"timestamp": 1}\n{"timestamp": 2\n', {}, ":2: not valid JSON"),
    "a line without a time": (
        '{"timestamp": 1}\n{"input_length": 2}\n',
        {},
        ":2: timestamp: is empty: must be a number",
    ),
    "an option that means nothing": (
        log(GET, GET),
        {"column": "status"},
        ": column: status: means nothing to a trace of",
    ),
    "functions": (log(GET, GET), {"functions": ["f"]}, ": an access log does not name functions"),
    "k6 without requests": (K6 + "vus,1671829514,1,,,\n", {}, ": has no samples of http_reqs or http_req_duration"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    text, options, expected = REFUSED[name]
    path = tmp_path / "trace.log"
    path.write_text(text)
    with pytest.raises(TraceError) as caught:
        traced(path, as_recorded=True, **options)
    assert caught.value.problems[0].replace(str(path), "").startswith(expected)


def test_a_log_longer_than_a_block_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workloads.traces.opened.BLOCK_BYTES", 100)
    path = tmp_path / "trace.log"
    path.write_text(log(*[f"{GET}{AGENT} 0.{n}00" for n in range(9)]))
    assert traced(path, as_recorded=True).draw(0).service_s.sum() == pytest.approx(3.6)
