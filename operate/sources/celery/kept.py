"""The past task by task: what was heard of, and before it what a result backend keeps."""

from __future__ import annotations

import numpy as np

from operate.reading import KeptTasks


def together(heard: KeptTasks, stored: KeptTasks | None) -> KeptTasks:
    """Return both, in order of arrival; what is stored counts only before the first that was heard of."""
    if stored is None:
        return heard
    until_s = heard.came_s[0] if len(heard.came_s) else np.inf
    before = int(np.searchsorted(stored.came_s, until_s))
    return KeptTasks(
        np.concatenate([stored.came_s[:before], heard.came_s]),
        np.concatenate([stored.work_s[:before], heard.work_s]),
        (*stored.names[:before], *heard.names),
        (*heard.remarks, *stored.remarks),
    )
