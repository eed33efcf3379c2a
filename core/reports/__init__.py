"""What networks, runs and models come to, as charts, images and sentences."""
