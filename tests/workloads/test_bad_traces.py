"""Broken traces: each with the one line (or the lines) its reader must be told, as the expected value."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoscaling_env.errors import TraceError
from autoscaling_env.testing.workload import check_batch
from autoscaling_env.workload import Workload
from tests.workloads.making import azure2019, azure2021, config_for, counts, durations2019
from workloads import make_workload
from workloads.traces.formats import formats

FORMATS = "; ".join(each.shown for each in formats().values())
TIME, SERVICE, DEADLINE = "seconds in [0, 1e+11]", "seconds in [0, 1e+09]", "seconds in (0, 1e+09]"
COUNT, PERCENTILE = "a number in [0, 1e+09]", "milliseconds in [0, 1e+12]"
A2021 = "app,func,end_timestamp,duration\n"
PAIR = "arrival_s,service_s\n"
PERCENTILES = ", ".join(f"percentile_Average_{percent}" for percent in (0, 1, 25, 50, 75, 99, 100))

#: name -> (content, the lines without the leading "trace.csv")
FILES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": ("", (": the file is empty; a trace starts with a header line",)),
    "only blank lines": ("\n\n\n", (": the file is empty; a trace starts with a header line",)),
    "only a header": (A2021, (": has a header but no tasks",)),
    "only a header of counts": (
        "timestamp,value\n",
        (": has a header but no rows",),
    ),
    "binary": (bytes(range(256)), (": not a text file; a trace is a CSV file, plain or gzip",)),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00", (": not a text file; a trace is a CSV file, plain or gzip",)),
    "another encoding": (
        "zeit_später,wert\n1,2\n".encode("latin-1"),
        (": not a text file (byte 7 of line 1 is not UTF-8)",),
    ),
    "a byte that is no text": (b"arrival_s\n1\n\xff\n", (f":3: arrival_s: '\ufffd': must be {TIME}",)),
    "a nul byte": (b"arrival_s,service_s\n1,1\n\x00,2\n", (f":3: arrival_s: '\\x00': must be {TIME}",)),
    "a damaged gzip": (
        gzip.compress(b"arrival_s\n" + b"1\n" * 9000)[:40],
        (": damaged gzip file; compress it again",),
    ),
    "a missing column": (
        "app,func,end_timestamp\na,f,1\n",
        (":1: no column 'duration'; azure2021 needs func, end_timestamp, duration",),
    ),
    "a misspelt column": (
        "app,func,end_timestmp,duration\na,f,1,1\n",
        (
            (
                ":1: no column 'end_timestamp' (is it called 'end_timestmp'?); "
                "azure2021 needs func, end_timestamp, duration"
            ),
        ),
    ),
    "a missing value column": (
        "timestamps,values\n1,2\n",
        (
            ":1: no column 'timestamp' (is it called 'timestamps'?); counts needs timestamp, value",
            ":1: no column 'value' (is it called 'values'?); counts needs timestamp, value",
        ),
    ),
    "no format": ("when,what\n1,2\n", (f":1: header 'when,what' fits no format; must be one of {FORMATS}",)),
    "no header": (
        "0.5,1.5\n0.7,1\n",
        (":1: '0.5,1.5' is no header; the first line names the columns, such as arrival_s,service_s",),
    ),
    "a column twice": (
        "arrival_s,arrival_s\n1,2\n",
        (":1: column 'arrival_s' stands 2 times in the header; keep one",),
    ),
    "bars": ("arrival_s|service_s\n1|2\n", (":1: columns are separated by bars; must be commas, semicolons or tabs",)),
    "decimal commas": (PAIR + "1,5,2,5\n", (":2: more values than the 2 the header names",)),
    "one value too many": (PAIR + "1,2\n1,2,3\n", (":3: more values than the 2 the header names",)),
    "far too many values": (PAIR + "1,2\n1,2,3,4,5\n", (":3: more values than the 2 the header names",)),
    "too few values": (PAIR + "1\n", (f":2: service_s: is empty: must be {SERVICE}",)),
    "an empty cell": (PAIR + "1,1\n,1\n", (f":3: arrival_s: is empty: must be {TIME}",)),
    "an open quote": (PAIR + '1,1\n"2,2\n3,3\n', (":3: a quotation mark opens here and is never closed",)),
    "text": (PAIR + "1,1\nsoon,1\n", (f":3: arrival_s: 'soon': must be {TIME}",)),
    "truth": (PAIR + "True,1\n", (f":2: arrival_s: True: must be {TIME}",)),
    "nan": (PAIR + "nan,1\n", (f":2: arrival_s: 'nan': must be {TIME}",)),
    "NaN as service": (PAIR + "1,NaN\n", (f":2: service_s: 'NaN': must be {SERVICE}",)),
    "infinity": (PAIR + "1,1\ninf,1\n", (f":3: arrival_s: inf: must be {TIME}",)),
    "overflow": (PAIR + "1e400,1\n", (f":2: arrival_s: inf: must be {TIME}",)),
    "a huge whole number": (PAIR + "9" * 40 + ",1\n", (f":2: arrival_s: {'9' * 40}: must be {TIME}",)),
    "a negative arrival": (PAIR + "-1,1\n", (f":2: arrival_s: -1: must be {TIME}",)),
    "a negative service time": (PAIR + "1,-0.5\n", (f":2: service_s: -0.5: must be {SERVICE}",)),
    "a negative duration": (A2021 + "a,f,1,-2\n", (f":2: duration: -2: must be {SERVICE}",)),
    "a deadline of zero": (
        "arrival_s,service_s,deadline_s\n1,1,0\n",
        (f":2: deadline_s: 0: must be {DEADLINE}",),
    ),
    "after blank lines": (PAIR + "\n1,1\n\nx,2\n", (f":5: arrival_s: 'x': must be {TIME}",)),
    "several at once": (
        PAIR + "x,1\n1,y\n-1,inf\n",
        (
            f":2: arrival_s: 'x': must be {TIME}",
            f":3: service_s: 'y': must be {SERVICE}",
            f":4: arrival_s: '-1': must be {TIME}",
            f":4: service_s: 'inf': must be {SERVICE}",
        ),
    ),
    "counts that stand still": (
        "timestamp,value\n0,1\n60,1\n60,2\n",
        (":4: timestamp: the same as the one on line 3; each interval may be there once",),
    ),
    "a negative count": ("timestamp,value\n0,1\n60,-1\n", (f":3: value: -1: must be {COUNT}",)),
    "a single interval": (
        "timestamp,value\n0,5\n",
        (": intervals: 1; at least 2 are needed to know how long one is",),
    ),
    "counts of nothing": (
        "timestamp,value\n0,0\n60,0\n",
        (": no task between 0 s and the end; the recording lasts 120 s",),
    ),
    "the thirteenth month": (
        "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:05:00,1\n2026-13-01 00:10:00,1\n",
        (":4: timestamp: '2026-13-01 00:10:00': must be a date such as 2026-01-31 14:05:00, like the others",),
    ),
    "a year before Christ": (
        "timestamp\n2026-01-01 00:00:00\n-2026-01-01 00:05:00\n2026-01-01\n",
        (":3: timestamp: '-2026-01-01 00:05:00': must be a date such as 2026-01-31 14:05:00, like the others",),
    ),
    "text as invocations": (azure2019(10).replace("queue,5", "queue,five"), (f":2: 1: 'five': must be {COUNT}",)),
    "negative invocations": (azure2019(10).replace("queue,5", "queue,-5"), (f":2: 1: -5: must be {COUNT}",)),
    "durations for a trace": (
        durations2019(),
        (":1: these are durations; name the invocations as file, this as durations",),
    ),
    "no work": (PAIR + "1,0\n2,0\n", (": all service times are 0; set load, no utilisation can be aimed at",)),
}


def refused(tmp_path: Path, content: str | bytes, **options: Any) -> tuple[str, ...]:
    """Return the problems with a trace of this content, as ``trace.csv`` in a folder of its own."""
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / "trace.csv").write_bytes(data)
    with pytest.raises(TraceError) as caught:
        make_workload(config_for("trace.csv", **options), base_dir=tmp_path)
    return caught.value.problems


@pytest.mark.parametrize("name", FILES)
def test_a_broken_trace_is_explained(tmp_path: Path, name: str) -> None:
    content, expected = FILES[name]
    problems = refused(tmp_path, content)
    assert problems == tuple(f"trace.csv{line}" for line in expected)
    assert all("\n" not in problem for problem in problems)


def test_the_list_of_problems_is_bounded(tmp_path: Path) -> None:
    problems = refused(tmp_path, "arrival_s\n" + "x\n" * 500_000)
    assert len(problems) == 21
    assert problems[-1] == "trace.csv: more problems like these follow"


DURATIONS: dict[str, tuple[str, str]] = {
    "a function is missing": (
        durations2019("x"),
        "trace.csv:3: HashFunction: 'y': is not in durations.csv; add it or set drop_without_durations: true",
    ),
    "percentiles fall": (
        durations2019().replace("50,60", "60,50", 1),
        "durations.csv:2: percentile_Average_1: is below percentile_Average_0; percentiles must not fall",
    ),
    "a column is missing": (
        durations2019().replace("percentile_Average_99", "p99"),
        (
            "durations.csv:1: no column 'percentile_Average_99'; durations of azure2019 needs "
            f"HashOwner, HashApp, HashFunction, {PERCENTILES}"
        ),
    ),
    "text": (
        durations2019().replace(",400\n", ",?\n", 1),
        f"durations.csv:2: percentile_Average_100: '?': must be {PERCENTILE}",
    ),
    "only a header": (durations2019().splitlines()[0] + "\n", "durations.csv: has a header but no functions"),
}


@pytest.mark.parametrize("name", DURATIONS)
def test_broken_durations_are_explained(tmp_path: Path, name: str) -> None:
    content, expected = DURATIONS[name]
    (tmp_path / "durations.csv").write_text(content)
    assert refused(tmp_path, azure2019(10), durations="durations.csv") == (expected,)


OPTIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "an unknown function": (azure2021(), {"functions": ["f1", "g"]}, ": no function starts with 'g'"),
    "functions of counts": (
        counts(),
        {"functions": ["f"]},
        ": a file of counts does not name functions; leave out `functions`",
    ),
    "functions of a CSV": (
        "arrival_s\n1\n",
        {"functions": ["f"]},
        ": a plain CSV does not name functions; leave out `functions`",
    ),
    "an empty range": (
        azure2021(),
        {"start_s": 1e6},
        ": no task between 1e+06 s and the end; the last is at 99.5 s",
    ),
    "another format": (
        azure2021(),
        {"format": "csv"},
        ":1: no column 'arrival_s'; csv needs arrival_s, or timestamp",
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_do_not_fit_are_explained(tmp_path: Path, name: str) -> None:
    content, options, expected = OPTIONS[name]
    assert refused(tmp_path, content, **options) == (f"trace.csv{expected}",)


def test_durations_belong_to_one_format(tmp_path: Path) -> None:
    (tmp_path / "durations.csv").write_text(durations2019())
    assert refused(tmp_path, azure2021(), durations="durations.csv") == (
        "trace.csv: is azure2021, which takes no durations file; leave out `durations`",
    )


def test_a_folder_and_a_missing_file_are_explained(tmp_path: Path) -> None:
    for name, reason in ((".", "Is a directory"), ("nope.csv", "No such file or directory")):
        with pytest.raises(TraceError) as caught:
            make_workload(config_for(name), base_dir=tmp_path)
        assert caught.value.problems == (f"{name}: cannot be read: {reason}",)


def test_a_pipe_is_explained(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TraceError) as caught:
        make_workload(config_for("pipe"), base_dir=tmp_path)
    assert caught.value.problems == ("pipe: cannot be read: is not a file; write the trace to one first",)


def test_a_name_no_file_can_have_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot be read: .*null"):
        make_workload(config_for("a\0b"), base_dir=tmp_path)


VALID = (
    azure2021(20),
    azure2019(12),
    counts(2),
    "arrival_s,service_s,deadline_s\n" + "".join(f"{i},{i % 3},{5 + i}\n" for i in range(20)),
    "timestamp\n" + "".join(f"2026-02-03T04:05:{i:02d}Z\n" for i in range(20)),
)
SPLINTERS = st.sampled_from(
    [b"\n", b",", b'"', b"\0", b"\r", b"-", b"e999", b"nan", b";", b"\xff\xfe", b" ", b"", b"1e308", b"\n\n", b"9" * 30]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(VALID),
    cuts=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 12), SPLINTERS), min_size=1, max_size=4),
    packed=st.booleans(),
)
def test_a_damaged_trace_is_read_or_explained(
    tmp_path: Path, text: str, cuts: list[tuple[int, int, bytes]], packed: bool
) -> None:
    """Whatever is cut out or put in: tasks that obey the rules, or ``TraceError`` in single lines."""
    data = text.encode()
    for place, length, splinter in cuts:
        data = data[:place] + splinter + data[place + length :]
    (tmp_path / "trace.csv").write_bytes(gzip.compress(data) if packed else data)
    try:
        workload = make_workload(config_for("trace.csv", max_tasks=500), base_dir=tmp_path)
    except TraceError as error:
        explained = error.problems
    else:
        explained = _checked(workload)
    assert all("\n" not in problem and problem.startswith("trace.csv") for problem in explained)


def _checked(workload: Workload) -> tuple[str, ...]:
    batch = workload.draw(0)
    check_batch(batch)
    assert batch.arrival_s[-1] < workload.duration_s
    assert (batch.deadline_s > 0).all()
    return ()
