"""Proximal policy optimisation. ``policy`` runs a trained network in NumPy alone; the others learn it, in torch.

Read ``agent`` first: what is played by which policy, and when it learns; ``update`` is how. Schulman et al. 2017,
"Proximal Policy Optimization Algorithms" (arXiv:1707.06347).
"""
