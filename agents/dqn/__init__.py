"""Double DQN. ``policy`` runs a trained network in NumPy alone; the others learn it, in torch.

Read ``agent`` first: what is remembered when, and when updates are made; ``update`` is one of them.
"""
