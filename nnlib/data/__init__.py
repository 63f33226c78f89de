"""Data sets: by name or from a user's files, split by class and scaled."""
