"""Broken configurations: each has exactly these messages, one line each, and nothing else happens."""

# ruff: noqa: E501 - one message, one line: that is what is tested

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaling_env.config import load_config
from autoscaling_env.errors import ConfigError

CORPUS: list[tuple[str, bytes, list[str]]] = [
    ("empty", b"", ["FILE: the file is empty; write at least one `section:`"]),
    ("only a comment", b"# nothing\n", ["FILE: the file is empty; write at least one `section:`"]),
    ("a list", b"- 1\n- 2\n", ["FILE:1: a configuration is a mapping of sections, not list"]),
    ("a word", b"farm\n", ["FILE:1: a configuration is a mapping of sections, not str"]),
    ("binary", b"\x00\x01\xff\xfe\x80", ["FILE: not a text file (byte 2 is not UTF-8)"]),
    ("utf-16", "farm: {}".encode("utf-16"), ["FILE: not a text file (byte 0 is not UTF-8)"]),
    (
        "control character",
        b"farm: \x07\n",
        ["FILE: not valid YAML: unacceptable character #x0007: special characters are not allowed"],
    ),
    (
        "tab indentation",
        b"farm:\n\tmax_workers: 3\n",
        ["FILE:2: not valid YAML: found character '\\t' that cannot start any token"],
    ),
    (
        "unclosed bracket",
        b"farm: {max_workers: 3\n",
        ["FILE:2: not valid YAML: expected ',' or '}', but got '<stream end>'"],
    ),
    ("10000 deep flow", b"farm: " + b"[" * 10_000 + b"]" * 10_000, ["FILE:1: nested deeper than 32 levels"]),
    (
        "200 deep block",
        "".join(" " * depth + "a:\n" for depth in range(200)).encode(),
        ["FILE:33: nested deeper than 32 levels"],
    ),
    (
        "alias",
        b"farm: &f {max_workers: 3}\nreward: *f\n",
        ["FILE:2: alias *f; write the value out, aliases are not allowed"],
    ),
    (
        "alias bomb",
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        ["FILE:2: alias *a; write the value out, aliases are not allowed"],
    ),
    (
        "duplicate key",
        b"farm:\n  max_workers: 3\n  max_workers: 4\n",
        ['FILE:3: found duplicate key "max_workers" with value "4" (original value: "3"); keep one of the two'],
    ),
    (
        "duplicate section",
        b"farm: {max_workers: 20}\nreward: {target_qos: 0.9}\nfarm: {max_workers: 21}\n",
        ['FILE:3: found duplicate key "farm" with value "{}" (original value: "{}"); keep one of the two'],
    ),
    (
        "python tag",
        b"farm: !!python/object/apply:os.system ['true']\n",
        [
            "FILE:1: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"
        ],
    ),
    (
        "unknown section",
        b"farms:\n  max_workers: 3\n",
        [
            "FILE:1: farms: unknown key (did you mean 'farm'?); allowed: agents, environment, farm, live, randomize, reward, workload"
        ],
    ),
    (
        "unknown key",
        b"farm:\n  max_worker: 3\n",
        [
            "FILE:2: farm.max_worker: unknown key (did you mean 'max_workers'?); allowed: collect_s, initial_workers, max_workers, min_workers, pickup, service_overhead, startup"
        ],
    ),
    (
        "on is no boolean",
        b"environment:\n  phase_shuffle: on\n",
        ['FILE:2: environment.phase_shuffle: "on": must be true or false'],
    ),
    (
        "yes is no boolean",
        b"environment:\n  phase_shuffle: yes\n",
        ['FILE:2: environment.phase_shuffle: "yes": must be true or false'],
    ),
    ("text for a number", b"farm:\n  collect_s: fast\n", ['FILE:2: farm.collect_s: "fast": must be a number']),
    ("quoted number", b"farm:\n  max_workers: '32'\n", ['FILE:2: farm.max_workers: "32": must be a whole number']),
    ("fraction for a count", b"farm:\n  max_workers: 3.5\n", ["FILE:2: farm.max_workers: 3.5: must be a whole number"]),
    (
        "boolean for a number",
        b"reward:\n  queue_target: true\n",
        ["FILE:2: reward.queue_target: true: must be a number"],
    ),
    ("nan", b"reward:\n  target_qos: .nan\n", ["FILE:2: reward.target_qos: NaN: must be a finite number"]),
    (
        "inf",
        b"environment:\n  step_duration_s: .inf\n",
        ["FILE:2: environment.step_duration_s: Infinity: must be a finite number"],
    ),
    (
        "negative",
        b"environment:\n  step_duration_s: -8\n",
        ["FILE:2: environment.step_duration_s: -8: must be greater than 0"],
    ),
    (
        "zero",
        b"environment:\n  max_steps: 0\n",
        ["FILE:2: environment.max_steps: 0: must be greater than or equal to 1"],
    ),
    (
        "too large",
        b"farm:\n  max_workers: 1000001\n",
        ["FILE:2: farm.max_workers: 1000001: must be less than or equal to 100000"],
    ),
    (
        "share above one",
        b"reward:\n  target_qos: 95\n",
        ["FILE:2: reward.target_qos: 95: must be less than or equal to 1"],
    ),
    ("null", b"farm:\n  max_workers:\n", ["FILE:2: farm.max_workers: null: must be a whole number"]),
    ("list for a mapping", b"farm: [1, 2]\n", ["FILE:1: farm: [1, 2]: must be a mapping"]),
    (
        "mapping for a number",
        b"farm:\n  max_workers: {a: 1}\n",
        ['FILE:2: farm.max_workers: {"a": 1}: must be a whole number'],
    ),
    ("a number for a section", b"reward: 3\n", ["FILE:1: reward: 3: must be a mapping"]),
    (
        "unknown kind",
        b"farm:\n  startup: {kind: gaussian, mean_s: 1}\n",
        [
            'FILE:2: farm.startup: {"kind": "gaussian", "mean_s": 1}: kind must be one of constant, uniform, exponential, gamma, lognormal, shifted_gamma, empirical'
        ],
    ),
    (
        "kind missing",
        b"farm:\n  startup: {mean: 1}\n",
        ["FILE:2: farm.startup.mean: unknown key; allowed: kind, scale_s, shape, shift_s"],
    ),
    ("parameter missing", b"farm:\n  startup: {kind: lognormal, mean_s: 3}\n", ["FILE:2: farm.startup.cv: is missing"]),
    (
        "empty empirical",
        b"farm:\n  startup: {kind: empirical, values_s: []}\n",
        ["FILE:2: farm.startup.values_s: []: must have at least 1 item"],
    ),
    (
        "negative in a list",
        b"farm:\n  startup:\n    kind: empirical\n    values_s:\n      - 1\n      - -2\n",
        ["FILE:6: farm.startup.values_s.1: -2: must be greater than or equal to 0"],
    ),
    (
        "bounds crossed",
        b"farm: {min_workers: 9, max_workers: 8}\n",
        ["FILE:1: farm: min_workers 9 must not exceed max_workers 8"],
    ),
    (
        "start out of bounds",
        b"farm: {initial_workers: 40}\n",
        ["FILE:1: farm: initial_workers 40 must lie in [min_workers, max_workers] = [1, 32]"],
    ),
    (
        "uniform crossed",
        b"farm:\n  pickup: {kind: uniform, low_s: 2, high_s: 1}\n",
        ["FILE:2: farm.pickup: low_s 2 must not exceed high_s 1"],
    ),
    ("no phase", b"workload:\n  phases: []\n", ["FILE:2: workload.phases: []: must have at least 1 item"]),
    (
        "unknown pattern",
        b"workload:\n  phases:\n    - {pattern: steadi, duration_s: 60, rate: 1}\n",
        [
            'FILE:3: workload.phases.0: {"pattern": "steadi", "duration_s": 60, "rate": 1}: pattern must be one of steady, constant, burst, oscillation, oscillation_slow, oscillation_fast, ramp, on_off (did you mean \'steady\'?)'
        ],
    ),
    (
        "no pattern",
        b"workload:\n  phases:\n    - {patern: steady, rate: 1}\n    - {rate: 1}\n",
        [
            'FILE:3: workload.phases.0: {"patern": "steady", "rate": 1}: pattern is missing (written \'patern\'?); must be one of burst, constant, on_off, oscillation, oscillation_fast, oscillation_slow, ramp, steady',
            'FILE:4: workload.phases.1: {"rate": 1}: pattern is missing; must be one of burst, constant, on_off, oscillation, oscillation_fast, oscillation_slow, ramp, steady',
        ],
    ),
    (
        "burst outside its phase",
        b"workload:\n  phases:\n    - {pattern: burst, duration_s: 60, rate: 1, factor: 3, at_s: 50, length_s: 20}\n",
        ["FILE:3: workload.phases.0: the burst ends at at_s + length_s = 70, after the phase's duration_s 60"],
    ),
    (
        "key of another pattern",
        b"workload:\n  phases:\n    - {pattern: steady, duration_s: 60, rate: 1, cycles: 3}\n",
        [
            (
                "FILE:3: workload.phases.0.cycles: unknown key; "
                "allowed: arrivals, duration_s, name, pattern, rate, spread, tasks"
            )
        ],
    ),
    (
        "spread of a value of another pattern",
        b"workload:\n  phases:\n    - {pattern: steady, duration_s: 60, rate: 1, spread: {on_rate: 1}}\n",
        ["FILE:3: workload.phases.0: spread.on_rate (did you mean 'rate'?): this pattern has no such value"],
    ),
    (
        "spread of no value",
        b"workload:\n  phases:\n    - {pattern: steady, duration_s: 60, rate: 1, spread: {rat: 1}}\n",
        [
            (
                "FILE:3: workload.phases.0.spread.rat: unknown key (did you mean 'rate'?); allowed: at_s, duration_s, factor, "
                "from_rate, length_s, max_rate, min_rate, off_rate, off_s, on_rate, on_s, rate, to_rate"
            )
        ],
    ),
    (
        "spread beyond what is allowed",
        b"workload:\n  phases:\n    - {pattern: steady, duration_s: 60, rate: 1, spread: {rate: 2}}\n",
        ["FILE:3: workload.phases.0: spread: rate -1 may be drawn: must be greater than or equal to 0"],
    ),
    (
        "spread that moves a burst out of its phase",
        (
            b"workload:\n  phases:\n    - {pattern: burst, duration_s: 60, rate: 1, factor: 3, at_s: 30, length_s: 20,\n"
            b"       spread: {at_s: 20, length_s: 5}}\n"
        ),
        [
            (
                "FILE:3: workload.phases.0: spread: at_s 50, length_s 15 may be drawn: "
                "the burst ends at at_s + length_s = 65, after the phase's duration_s 60"
            )
        ],
    ),
    (
        "actions twice",
        b"environment:\n  action_deltas: [0, 1, 1]\n",
        ["FILE:2: environment.action_deltas: [0, 1, 1]: each change may be listed once"],
    ),
    (
        "no keep",
        b"environment:\n  action_deltas: [-1, 1]\n",
        ["FILE:2: environment.action_deltas: [-1, 1]: 0 (keep) must be among them"],
    ),
    (
        "actions beyond any farm",
        b"environment:\n  action_deltas: [0, 99999999999999999999]\n",
        [
            "FILE:2: environment.action_deltas.1: 99999999999999999999: must be less than or equal to 100000",
        ],
    ),
    ("a list as a key", b"farm: {}\n? [a, b]\n: 3\n", ["FILE:2: a list or mapping as a key; keys are words"]),
    (
        "a number without end",
        b"farm: {max_workers: " + b"9" * 5000 + b"}\n",
        ["FILE: not valid YAML: a number has too many digits"],
    ),
    ("a date", b"farm:\n  collect_s: 2024-01-01\n", ['FILE:2: farm.collect_s: "2024-01-01": must be a number']),
    (
        "sexagesimal",
        b"environment:\n  step_duration_s: 1:30\n",
        ['FILE:2: environment.step_duration_s: "1:30": must be a number'],
    ),
    (
        "integer key",
        b"1: 2\n",
        ["FILE:1: 1: unknown key; allowed: agents, environment, farm, live, randomize, reward, workload"],
    ),
    (
        "two documents",
        b"farm: {max_workers: 20}\n---\nfarm: {max_workers: 21}\n",
        ["FILE:2: not valid YAML: but found another document"],
    ),
    (
        "unknown objective",
        b"reward: {objective: costs}\n",
        ["FILE:1: reward.objective: \"costs\": must be shaped or cost or terms or function (did you mean 'cost'?)"],
    ),
    (
        "three at once",
        b"farm:\n  max_worker: 3\n  collect_s: -1\nreward:\n  target_qos: two\n",
        [
            "FILE:3: farm.collect_s: -1: must be greater than or equal to 0",
            "FILE:2: farm.max_worker: unknown key (did you mean 'max_workers'?); allowed: collect_s, initial_workers, max_workers, min_workers, pickup, service_overhead, startup",
            'FILE:5: reward.target_qos: "two": must be a number',
        ],
    ),
    (
        "addresses that are none of Redis",
        b"live: {redis_url: http://x, kubernetes: {redis_url: redis:6379}}\n",
        [
            'FILE:1: live.redis_url: "http://x": must begin with redis://, rediss:// or unix://',
            'FILE:1: live.kubernetes.redis_url: "redis:6379": must begin with redis://, rediss:// or unix://',
        ],
    ),
]


@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in CORPUS], ids=[case[0] for case in CORPUS])
def test_a_broken_file_is_told_in_one_line_each(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    file = tmp_path / "broken.yml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert [problem.replace(str(file), "FILE") for problem in caught.value.problems] == expected
    assert all("\n" not in problem for problem in caught.value.problems)


def test_very_many_problems_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text("".join(f"key{number}: 1\n" for number in range(4_000)))
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1] == f"{file}: 3950 more problems like these"


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("farm.max_workers", "--set farm.max_workers: write key=value, such as farm.max_workers=16"),
        ("=3", "--set =3: write key=value, such as farm.max_workers=16"),
        ("farm..x=3", "--set farm..x=3: write key=value, such as farm.max_workers=16"),
        ("farm.max_workers=[", "--set farm.max_workers:1: not valid YAML: expected the node content, but found '<stream end>'"),
        ("farm.max_workers=many", '--set farm.max_workers: farm.max_workers: "many": must be a whole number'),
        ("reward.target=1", ("--set reward.target: reward.target: unknown key (did you mean 'target_qos'?); allowed: "
         "balanced_workers, completion_bonus, function, idle_queue_threshold, missed_deadline_price, objective, "
         "queue_target, target_qos, terms, unfinished_penalty_scale, weights, worker_second_price")),
        ("workload.phases.9.rate=1", '--set workload.phases.9.rate: workload.phases: {"9": {"rate": 1}}: must be a list'),
    ],
)  # fmt: skip
def test_a_broken_assignment_is_told_in_one_line(assignment: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(assignments=[assignment])
    assert caught.value.problems == (expected,)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml: cannot be read: No such file or directory"):
        load_config(tmp_path / "none.yml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)
