"""What a model learned: its answers, how good they are, and why."""
