"""Schedules: jobs that start by the clock, each slot once however many workers there are."""
