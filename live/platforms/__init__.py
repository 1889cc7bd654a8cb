"""What starts, counts and removes workers: ``local``, ``kubernetes``, ``openfaas``."""
