"""What the pages teach: texts, and small computations to look at."""
