from __future__ import annotations

import pytest

from autoscaling_env.errors import ConfigError
from experiments import operate_config
from operate.config import OperateConfig

RIGHT = """
source: {kind: redis_list, url: "redis://localhost:6379/0", key: orders}
target: {kind: processes, command: [worker]}
objective: {finish_within: 30s, share: 0.99}
bounds: {min: 1, max: 20}
"""


def written(folder, text):
    file = folder / "operate.yml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("1 d", 86_400),
        (2.5, 2.5),
        ("45", 45),
        ("250ms", 0.25),
    ],
)
def test_durations_are_read_as_people_write_them(tmp_path, said, seconds):
    file = written(tmp_path, RIGHT)
    assert operate_config(file, [f"objective.window={said}"]).objective.window == seconds


@pytest.mark.parametrize("said", ["soon", "1 fortnight", "-5s", "nan", "inf", "true", "[1]"])
def test_what_is_no_duration_is_one_line(tmp_path, said):
    with pytest.raises(ConfigError, match=r"objective\.window") as error:
        operate_config(written(tmp_path, RIGHT), [f"objective.window={said}"])
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("sorce.key=x", "sorce: unknown key (did you mean 'source'?)"),
        ("source.kye=x", "source.kye: unknown key (did you mean 'key'?)"),
        ("source.kind=redis_lst", "kind must be one of"),
        ("objective.start_within=3s", "say either finish_within or start_within"),
        ("bounds.min=30", "min 30 must not exceed max 20"),
        ("guardrails.decide_within=6s", "must be at most half the interval"),
        ("guardrails.stale_after=3s", "every reading would be stale"),
        ("mode=atc", "must be shadow or act (did you mean 'act'?)"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, change, told):
    with pytest.raises(ConfigError) as error:
        operate_config(written(tmp_path, RIGHT), [change])
    assert len(error.value.problems) == 1
    assert told in error.value.problems[0]


def test_all_problems_are_said_at_once(tmp_path):
    with pytest.raises(ConfigError) as error:
        operate_config(written(tmp_path, RIGHT), ["interval=0s", "bounds.max=0", "guardrails.factor=2"])
    assert len(error.value.problems) == 3


def test_it_watches_unless_told_to_act(tmp_path):
    config = operate_config(written(tmp_path, RIGHT))
    assert isinstance(config, OperateConfig)
    assert (config.mode, config.interval, config.bounds.max) == ("shadow", 8.0, 20)
