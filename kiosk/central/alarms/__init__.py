"""Alarms out: what is wrong is told by mail and to webhooks, when it comes, again, and when it is gone."""
