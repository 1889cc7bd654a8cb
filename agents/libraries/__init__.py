"""What other learning libraries need of ours: environments as they ask for them, and their policies as ours."""
