"""Talks to callers: the webhook, the delivery API."""
