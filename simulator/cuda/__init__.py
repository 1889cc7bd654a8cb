"""The farm on a GPU: one thread an episode; equal to ``simulator.compiled`` to the bit in float64.

Nothing here is imported unless asked for. ``simulator.cuda.targets`` says how one source becomes code for a GPU, for
its simulator (``NUMBA_ENABLE_CUDASIM=1``) and for this machine's processor.
"""
