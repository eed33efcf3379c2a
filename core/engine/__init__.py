"""The training engine: its worker processes, and the thread that submits runs to them."""
