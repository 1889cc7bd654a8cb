"""Files as people have them: what each is read as, and what is said of it; the shapes are real, the numbers made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoscaling_env.errors import TraceError
from tests.distributions import distribution, run_with
from tests.workloads.making import traced

LOCUST = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,Total Request Count\n"
    "1682349000,0,,Aggregated,0.000000,0.000000,N/A,0\n"
    "1682349000,0,GET,/a,0.000000,0.000000,N/A,0\n"
    "1682349001,3,,Aggregated,6.0,0.0,10,6\n"
    "1682349001,3,GET,/a,2.0,0.0,10,2\n"
    "1682349002,3,,Aggregated,4.0,0.0,10,10\n"
    "1682349002,3,GET,/a,1.0,0.0,10,3\n"
)
ALIBABA = (
    "timestamp,traceid,rpcid,um,rpctype,dm,interface,rt\n"
    "5000,t1,0.1,USER,http,A,x,20.0\n"
    "5000,t1,0.1,USER,http,A,x,-18.0\n"
    "5500,t1,0.1.1,A,rpc,B,y,4.0\n"
    "6200,t2,0.1,USER,http,A,x,25.0\n"
)
CLOUDWATCH = {
    "Label": "RequestCount",
    "Datapoints": [
        {"Timestamp": "2013-03-18T16:44:00Z", "Sum": 297.0, "Maximum": 3.0, "Unit": "Count"},
        {"Timestamp": "2013-03-18T16:19:00Z", "Sum": 538.0, "Maximum": 4.0, "Unit": "Count"},
        {"Timestamp": "2013-03-18T15:54:00Z", "Sum": 318.0, "Maximum": 5.0, "Unit": "Count"},
    ],
}
METRIC_DATA = {
    "MetricDataResults": [
        {"Id": "a", "Label": "one", "Timestamps": ["2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z"], "Values": [7, 5]},
        {"Id": "b", "Label": "two", "Timestamps": ["2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z"], "Values": [1, 2]},
    ]
}


def prometheus(*series: dict[str, str]) -> str:
    values = [[1594281790, "NaN"], [1594281971, "12.5"], [1594282152, "13.75"], [1594282333, "9"]]
    result = [{"metric": metric, "values": values} for metric in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def per_interval(path: Path, edges: list[float], **options: Any) -> list[int]:
    """Tasks between the edges, played as recorded."""
    arrival_s = traced(path, as_recorded=True, **options).draw(0).arrival_s
    return np.histogram(arrival_s, edges)[0].tolist()


#: name -> (content, options, edges in seconds, tasks between them)
READ: dict[str, tuple[str, dict[str, Any], list[float], list[int]]] = {
    "any name of the value": (
        "timestamp,requests\n2020-01-01T00:00:00Z,100\n2020-01-01T00:01:00Z,500\n2020-01-01T00:02:00Z,100\n",
        {},
        [0, 60, 120, 180],
        [100, 500, 100],
    ),
    "epoch in milliseconds, quoted": (
        '"Time","requests"\n1466074140000,120\n1466074160000,130\n1466074180000,90\n',
        {},
        [0, 20, 40, 60],
        [120, 130, 90],
    ),
    "epoch in microseconds": ("time,count\n1466074140000000,12\n1466074160000000,13\n", {}, [0, 20, 40], [12, 13]),
    "epoch in nanoseconds": (
        "time,count\n1466074140000000000,12\n1466074160000000000,13\n",
        {},
        [0, 20, 40],
        [12, 13],
    ),
    "small numbers that are milliseconds": ("time,count\n0,12\n20000,13\n", {"unit": "ms"}, [0, 20, 40], [12, 13]),
    "a spreadsheet's sep line": (
        "sep=,\ntimestamp,value\n2020-01-01 01:00:00,12\n2020-01-01 01:01:00,13\n",
        {},
        [0, 60, 120],
        [12, 13],
    ),
    "byte order mark, CRLF, units in the cells": (
        (
            '\ufeff"Time","requests"\r\n2020-01-01 01:00:00,0.5 req/s\r\n2020-01-01 01:01:00,1.5 req/s\r\n'
            "2020-01-01 01:02:00,0.01 K req/s\r\n"
        ),
        {},
        [0, 60, 120, 180],
        [30, 90, 600],
    ),
    "rates by their name": ("time,requests/s\n0,2\n10,4\n", {}, [0, 10, 20], [20, 40]),
    "rates that were said": ("timestamp,value\n0,2\n10,4\n", {"unit": "per_second"}, [0, 10, 20], [20, 40]),
    "rates per minute": ("timestamp,value\n0,60\n10,120\n", {"unit": "per_minute"}, [0, 10, 20], [10, 20]),
    "in any order": ("timestamp,value\n120,3\n0,1\n60,2\n", {}, [0, 60, 120, 180], [1, 2, 3]),
    "Grafana, series joined by time": (
        '"Time","{job=""a""}","{job=""b""}"\n0,1,10\n60,2,20\n',
        {"series": '{job=""b""}'.replace('""', '"')},
        [0, 60, 120],
        [10, 20],
    ),
    "Grafana, a row for each series": (
        "Series,Time,Value\na,0,1\nb,0,10\na,60,2\nb,60,20\n",
        {"series": "b"},
        [0, 60, 120],
        [10, 20],
    ),
    "Grafana before 7, semicolons": ("Series;Time;Value\na;0;1\na;60;2\n", {}, [0, 60, 120], [1, 2]),
    "a semicolon more at the end": ("Time;requests;\n0;1;\n60;2;\n", {}, [0, 60, 120], [1, 2]),
    "tabs": ("time\trequests\n0\t1\n60\t2\n", {}, [0, 60, 120], [1, 2]),
    "commas between thousands": ("Time;Value\n0;1,200\n60;2,000.0\n", {}, [0, 60, 120], [1200, 2000]),
    "missing values are gaps": ("timestamp,value\n0,1\n60,\n120,null\n180,4\n", {}, [0, 60, 180, 240], [1, 0, 4]),
    "gaps cut out": ("timestamp,value\n0,1\n60,\n120,NaN\n180,4\n", {"gaps": "skip"}, [0, 60, 120], [1, 4]),
    "over a change of clocks": (
        (
            "timestamp,value\n2020-03-29 01:00:00,10\n2020-03-29 01:30:00,10\n2020-03-29 03:00:00,20\n"
            "2020-03-29 03:30:00,20\n"
        ),
        {"timezone": "Europe/Berlin"},
        [0, 1800, 3600, 5400, 7200],
        [10, 10, 20, 20],
    ),
    "back over a change of clocks": (
        "timestamp,value\n2020-10-25 02:00:00,1\n2020-10-25 02:30:00,2\n2020-10-25 02:00:00,3\n2020-10-25 02:30:00,4\n",
        {"timezone": "Europe/Berlin"},
        [0, 1800, 3600, 5400, 7200],
        [1, 2, 3, 4],
    ),
    "locust, all requests": (LOCUST, {}, [0, 1, 2, 3], [0, 6, 4]),
    "locust, one name": (LOCUST, {"series": "/a"}, [0, 1, 2, 3], [0, 2, 1]),
    "CloudWatch statistics": (json.dumps(CLOUDWATCH), {}, [0, 1500, 3000, 4500], [318, 538, 297]),
    "another statistic": (json.dumps(CLOUDWATCH), {"column": "Maximum"}, [0, 1500, 3000, 4500], [5, 4, 3]),
    "CloudWatch metric data": (json.dumps(METRIC_DATA), {"series": "one"}, [0, 60, 120], [5, 7]),
    "Prometheus, rates": (
        prometheus({}),
        {"unit": "per_second", "gaps": "skip"},
        [0, 181, 362, 543],
        [2262, 2489, 1629],
    ),
    "Prometheus, one of two": (
        prometheus({"__name__": "up", "job": "a"}, {"__name__": "up", "job": "b"}),
        {"series": 'up{job="b"}', "unit": "per_minute", "gaps": "skip"},
        [0, 543],
        [106],
    ),
    "Huawei, all functions": ("day,time,0,1\n0,0,5,\n0,60,1,2\n0,120,,4\n", {}, [0, 60, 120, 180], [5, 3, 4]),
    "Huawei, one function": (
        "day,time,0,1\n0,0,5,\n0,60,1,2\n0,120,,4\n",
        {"functions": ["1"]},
        [0, 60, 120, 180],
        [0, 2, 4],
    ),
    "Alibaba, calls recorded by both ends": (ALIBABA, {}, [0, 1, 2], [2, 1]),
    "Alibaba, one service": (ALIBABA, {"series": "B"}, [0, 2], [1]),
    "stamps in milliseconds, one task each": ("timestamp\n1700000000000\n1700000001500\n", {}, [0, 1, 2], [1, 1]),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", READ)
def test_it_is_read_as_what_it_is(name: str, packed: bool, tmp_path: Path) -> None:
    text, options, edges, expected = READ[name]
    path = tmp_path / "trace.dat"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = per_interval(path, edges, **options)
    assert np.abs(np.array(found) - expected).max() <= 1  # fractions of a task are kept over the intervals
    assert abs(sum(found) - sum(expected)) <= 1


#: name -> (content, options, the line)
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a misspelt column": (
        "arrival_s,service_time_s\n0,5\n",
        {},
        ":1: column 'service_time_s' is not used (is it meant to be 'service_s'?); rename it, or leave it out",
    ),
    "a misspelt deadline": (
        "arrival_s,service_s,deadline\n0,5,6\n",
        {},
        ":1: column 'deadline' is not used (is it meant to be 'deadline_s'?); rename it, or leave it out",
    ),
    "several columns": (
        "timestamp,method,status,latency_ms\n0,GET,200,12\n1,GET,200,12\n",
        {},
        (
            ":1: several columns may be the value: method, status, latency_ms; name it with column (--column), or say "
            "format: csv if every row is one task"
        ),
    ),
    "a column that is not there": (
        "timestamp,requests\n0,1\n60,1\n",
        {"column": "reqests"},
        ":1: no column 'reqests' (did you mean 'requests'?); there are requests",
    ),
    "several series": (
        "Series,Time,Value\na,0,1\nb,0,10\na,60,2\nb,60,20\n",
        {},
        ": Series: several series; name one with series (--series): a, b",
    ),
    "a series that is not there": (
        LOCUST,
        {"series": "/b"},
        ": no series '/b'; there are Aggregated, /a",
    ),
    "several series of Prometheus": (
        prometheus({"job": "a"}, {"job": "b"}),
        {},
        ': several series; name one with series (--series): {job="a"}; {job="b"}',
    ),
    "an instant query": (
        json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}),
        {},
        ": resultType 'vector': only a range query has a load over time: /api/v1/query_range",
    ),
    "JSON cut short": (prometheus({})[:90], {}, ":1: not valid JSON: Expecting"),
    "an option of another format": (
        "app,func,end_timestamp,duration\na,f,1,0.5\n",
        {"gaps": "skip"},
        ": gaps: skip: means nothing to a trace of format azure2021, only to huawei, locust, prometheus, ",
    ),
    "a format that is not there": (
        "timestamp,value\n0,1\n",
        {"format": "count"},
        "format: unknown format 'count' (did you mean 'counts'?); choose from access-log, alibaba, ",
    ),
    "an unknown unit in the cells": (
        "timestamp,value\n0,12 parsecs\n60,13 parsecs\n",
        {},
        ":2: value: '12 parsecs': must be a number in [0, 1e+09], empty, or with a unit such as 12.5 req/s (switch",
    ),
    "no header": ("0,12\n60,13\n", {}, ":1: '0,12' is no header; the first line names the columns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    text, options, expected = REFUSED[name]
    path = tmp_path / "trace.dat"
    path.write_text(text)
    with pytest.raises(TraceError) as caught:
        traced(path, **options)
    line = caught.value.problems[0].replace(str(path), "")
    assert line.startswith(expected)


def test_a_call_takes_its_response_time(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(ALIBABA)
    assert traced(path, as_recorded=True).draw(0).service_s.tolist() == pytest.approx([0.02, 0.004, 0.025])


def notes(tmp_path: Path, text: str, **options: Any) -> tuple[str, ...]:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    return traced(path, as_recorded=True, **options).notes


def test_what_was_recognised_is_said(tmp_path: Path) -> None:
    text = "time,requests/s,errors/s,users\n1466074140000,2,0,5\n1466074150000,4,0,5\n1466074180000,4,0,5\n"
    said = notes(tmp_path, text, column="requests/s")
    assert said[1:4] == (
        "Read time, requests/s as rates per second, times in ms since 1970, 3 intervals of 20 s.",
        "Gaps: 1, 10 s in all; nothing arrives in them (gaps: skip cuts them out).",
        "Not used: columns errors/s, users.",
    )


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    assert "Not used: columns user, region." in notes(tmp_path, "arrival_s,user,region\n0,1,2\n5,1,2\n")
    azure = "app,func,end_timestamp,duration,memory\na,f,1,0.5,9\na,f,2,0.5,9\n"
    assert "Not used: column memory." in notes(tmp_path, azure)
    rows = "timestamp,method,status\n0,GET,200\n1,GET,200\n"
    assert "Not used: columns method, status." in notes(tmp_path, rows, format="csv")


def test_a_gap_of_an_hour_in_local_times_may_be_a_change_of_clocks(tmp_path: Path) -> None:
    text, *_ = READ["over a change of clocks"]
    said = "A gap of one hour in local times may be a change of clocks; a timezone tells."
    assert said in notes(tmp_path, text)
    assert said not in notes(tmp_path, text, timezone="Europe/Berlin")


FORMAT = """
from workloads.events import Events
from workloads.traces.formats import TraceFormat
import numpy as np
def read(file, asked):
    return Events(np.array([float(line) for _, block in file.blocks() for line in block.split()[1:]]), None, None, 60.0)
LINES = TraceFormat(
    name="lines", shown="lines (%lines)", read=read, recognises=lambda head: head[0] == "%lines"
)
"""


def test_a_format_of_another_package_is_recognised_and_listed(tmp_path: Path) -> None:
    entry = "[autoscaling_env.trace_formats]\nlines = theirs.lines:LINES\n"
    site = distribution(tmp_path / "site", "theirs", {"theirs/__init__.py": "", "theirs/lines.py": FORMAT}, entry)
    (tmp_path / "mine.txt").write_text("%lines\n1\n2\n30\n")
    done = run_with(site, "workload", "show", "--trace", "mine.txt", "--as-recorded", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mine.txt (lines): 3 tasks over 60 s." in done.stderr + done.stdout
    (tmp_path / "mine.txt").write_text("when,what\n1,2\n")
    refused = run_with(site, "workload", "show", "--trace", "mine.txt", cwd=tmp_path)
    assert refused.returncode == 2
    assert "lines (%lines)" in refused.stderr
