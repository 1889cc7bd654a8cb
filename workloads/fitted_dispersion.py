"""What thinning and repeating did to how unevenly a trace's tasks come."""

from __future__ import annotations

from workloads.dispersion import counted
from workloads.fitting import Fit
from workloads.recordings import Recording

#: Windows that the episode is cut into.
WINDOWS = 60
#: Fewer tasks tell nothing; of more as recorded the figure is worked out from the episode's.
LEAST_TASKS, MOST_TASKS = 100, 2_000_000


def dispersion_note(recording: Recording, fitted: Fit) -> tuple[str, ...]:
    """Return a sentence where tasks were thinned or repeated; compressing time alone changes no count.

    Keeping each task with probability p turns an index of dispersion I into 1 + p (I - 1).
    """
    if fitted.tasks == recording.tasks or min(fitted.tasks, recording.tasks) < LEAST_TASKS:
        return ()
    now = _index(recording, fitted.tasks)
    if recording.whole and recording.tasks <= MOST_TASKS:
        before, about = _index(recording, recording.tasks), ""
    else:
        before, about = 1 + (now - 1) * recording.tasks / fitted.tasks, "about "
    window_s = fitted.duration_s / WINDOWS
    thinned = fitted.tasks < recording.tasks
    how = "thinned, it keeps its shape and comes nearer to 1" if thinned else "repeated, it keeps its shape and grows"
    figures = f"{now:.3g}, as recorded {about}{before:.3g}"
    return (f"Counts per {window_s:.3g} s have an index of dispersion of {figures}: {how}.",)


def _index(recording: Recording, tasks: int) -> float:
    drawn = recording.draw(tasks, seed=0).arrival_s
    return counted(drawn, recording.span_s, recording.span_s / WINDOWS).index_of_dispersion
