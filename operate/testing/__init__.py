"""The seams' contracts as tests: inherit them."""
