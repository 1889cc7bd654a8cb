"""What the commands do, as a library: typed settings in, results with pandas frames out; nothing here prints or parses.

    from experiments import compare

    found = compare(["keda", "static-best"], "flash_crowd", episodes=5)
    print(found.table()[["total_reward", "final_qos_total", "worker_seconds"]])

What is named here is imported when it is first used: a command that does not draw does not load what draws.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.training.interrupt import Stop, stop_on_interrupt
    from analysis.tables import step_row
    from autoscaling_env.config.digest import config_yaml
    from autoscaling_env.plugins import backend_names as list_farms
    from autoscaling_env.plugins import farm_kind, farm_kinds
    from experiments.comparing import Settings, compare, evaluate
    from experiments.comparison import Comparison, newest_comparison, read_comparison
    from experiments.demonstration import demo
    from experiments.environments import in_real_time, list_engines, load_workload, make_env
    from experiments.farms import StandingFarm, examine, list_standing, standing_farm
    from experiments.histories import HistoryFound, history
    from experiments.listening import Listener, Silent, StepRows
    from experiments.live_demonstration import demo_live
    from experiments.live_runs import Calibration, Gap, Verification, calibrate, gap, probe, verify
    from experiments.merging import merge
    from experiments.minari_data import MinariData, export_minari
    from experiments.operations.check import check_operate
    from experiments.operations.demonstration import demo_operate
    from experiments.operations.journals import JournalFound, journal_to_parquet, moment, read_journal
    from experiments.operations.keda import keda_scaler
    from experiments.operations.keda_export import KedaChoices, KedaManifests, export_keda, list_reaches
    from experiments.operations.keda_files import keda_configs
    from experiments.operations.queue import operate_config
    from experiments.operations.report import Counterfactual, Limits, counterfactual
    from experiments.operations.running import operate
    from experiments.operations.setup import init_operate, operate_schema
    from experiments.pictures import draw, draw_training
    from experiments.policies import (
        ALIASES,
        WITH_HISTORY,
        Setting,
        list_policies,
        load_policy,
        make_policy,
        split_names,
    )
    from experiments.queue_histories import QueueHistory, queue_history
    from experiments.replaying import replay
    from experiments.sb3_models import ImportedModel, import_sb3
    from experiments.schedulers import list_places
    from experiments.setup import Setup, check_file, config_schema, resolve, scenario_list
    from experiments.studies.commands import plan_study, report_study, run_study, study_status
    from experiments.studies.file import init_study, study_schema
    from experiments.studies.findings import interim_rows
    from experiments.studies.progress import Progress, StudyListener
    from experiments.tasks import Tasks, tasks_of
    from experiments.training import Training, list_learners, resume, train
    from experiments.tuning import Tuning, list_tunable, tune
    from operate.keda.server import Listening
    from workloads.scenarios import scenario
    from workloads.scenarios import scenario_names as list_scenarios

_HOMES = {
    "agents.training.interrupt": ("Stop", "stop_on_interrupt"),
    "analysis.tables": ("step_row",),
    "autoscaling_env.config.digest": ("config_yaml",),
    "autoscaling_env.plugins": ("farm_kind", "farm_kinds", "list_farms"),
    "experiments.comparing": ("Settings", "compare", "evaluate"),
    "experiments.comparison": ("Comparison", "newest_comparison", "read_comparison"),
    "experiments.operations.report": ("Counterfactual", "Limits", "counterfactual"),
    "experiments.demonstration": ("demo",),
    "experiments.farms": ("StandingFarm", "examine", "list_standing", "standing_farm"),
    "experiments.histories": ("HistoryFound", "history"),
    "experiments.operations.journals": ("JournalFound", "journal_to_parquet", "moment", "read_journal"),
    "experiments.live_demonstration": ("demo_live",),
    "experiments.environments": ("in_real_time", "list_engines", "load_workload", "make_env"),
    "experiments.listening": ("Listener", "Silent", "StepRows"),
    "experiments.live_runs": ("Calibration", "Gap", "Verification", "calibrate", "gap", "probe", "verify"),
    "experiments.merging": ("merge",),
    "experiments.minari_data": ("MinariData", "export_minari"),
    "experiments.pictures": ("draw", "draw_training"),
    "experiments.policies": (
        "ALIASES",
        "WITH_HISTORY",
        "Setting",
        "list_policies",
        "load_policy",
        "make_policy",
        "split_names",
    ),
    "experiments.operations.keda": ("keda_scaler",),
    "experiments.operations.keda_export": ("KedaChoices", "KedaManifests", "export_keda", "list_reaches"),
    "experiments.operations.keda_files": ("keda_configs",),
    "experiments.operations.queue": ("operate_config",),
    "experiments.operations.running": ("operate",),
    "experiments.operations.demonstration": ("demo_operate",),
    "experiments.operations.check": ("check_operate",),
    "experiments.operations.setup": ("init_operate", "operate_schema"),
    "experiments.queue_histories": ("QueueHistory", "queue_history"),
    "experiments.replaying": ("replay",),
    "experiments.sb3_models": ("ImportedModel", "import_sb3"),
    "experiments.setup": ("Setup", "check_file", "config_schema", "resolve", "scenario_list"),
    "experiments.tasks": ("Tasks", "tasks_of"),
    "experiments.studies.commands": ("plan_study", "report_study", "run_study", "study_status"),
    "experiments.studies.file": ("init_study", "study_schema"),
    "experiments.studies.findings": ("interim_rows",),
    "experiments.studies.progress": ("Progress", "StudyListener"),
    "experiments.schedulers": ("list_places",),
    "experiments.training": ("Training", "list_learners", "resume", "train"),
    "experiments.tuning": ("Tuning", "list_tunable", "tune"),
    "operate.keda.server": ("Listening",),
    "workloads.scenarios": ("scenario", "list_scenarios"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
#: Names that are others at home.
_AT_HOME = {"list_scenarios": "scenario_names", "list_farms": "backend_names"}

__all__ = [
    "ALIASES",
    "WITH_HISTORY",
    "Calibration",
    "Comparison",
    "Counterfactual",
    "Gap",
    "HistoryFound",
    "ImportedModel",
    "JournalFound",
    "KedaChoices",
    "KedaManifests",
    "Limits",
    "Listener",
    "Listening",
    "MinariData",
    "Progress",
    "QueueHistory",
    "Setting",
    "Settings",
    "Setup",
    "Silent",
    "StandingFarm",
    "StepRows",
    "Stop",
    "StudyListener",
    "Tasks",
    "Training",
    "Tuning",
    "Verification",
    "calibrate",
    "check_file",
    "check_operate",
    "compare",
    "config_schema",
    "config_yaml",
    "counterfactual",
    "demo",
    "demo_live",
    "demo_operate",
    "draw",
    "draw_training",
    "evaluate",
    "examine",
    "export_keda",
    "export_minari",
    "farm_kind",
    "farm_kinds",
    "gap",
    "history",
    "import_sb3",
    "in_real_time",
    "init_operate",
    "init_study",
    "interim_rows",
    "journal_to_parquet",
    "keda_configs",
    "keda_scaler",
    "list_engines",
    "list_farms",
    "list_learners",
    "list_places",
    "list_policies",
    "list_reaches",
    "list_scenarios",
    "list_standing",
    "list_tunable",
    "load_policy",
    "load_workload",
    "make_env",
    "make_policy",
    "merge",
    "moment",
    "newest_comparison",
    "operate",
    "operate_config",
    "operate_schema",
    "plan_study",
    "probe",
    "queue_history",
    "read_comparison",
    "read_journal",
    "replay",
    "report_study",
    "resolve",
    "resume",
    "run_study",
    "scenario",
    "scenario_list",
    "split_names",
    "standing_farm",
    "step_row",
    "stop_on_interrupt",
    "study_schema",
    "study_status",
    "tasks_of",
    "train",
    "tune",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'experiments' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), _AT_HOME.get(name, name))
