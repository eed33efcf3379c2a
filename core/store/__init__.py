"""What is kept: runs, their queue, drawings, the scoreboard, and the limits on all of them."""
