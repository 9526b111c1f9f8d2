"""Figures as people read them: tables with definitions, plots, files, and the report of a month."""
