"""The chapters of Learn, one module each: `TITLE`, `SUMMARY` (one sentence) and `show()`."""
