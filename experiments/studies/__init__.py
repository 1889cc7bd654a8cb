"""Studies: many trainings and evaluations from one file, on one machine or many, resumable, added up with intervals.

``file`` says what a study is, ``cells`` what it is made of, ``store`` where results lie, ``carrying`` how a cell comes
to its result, ``schedulers`` where that happens, ``running`` keeps them busy, and ``findings`` adds up. A scheduler
never decides what is run: whatever ran a cell, its records are the same bytes.
"""
