"""Staging: the files behind a task's presigned links are fetched, checked, and kept for SAS."""
