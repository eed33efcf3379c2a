"""What a network sees: strokes and data sets turned into 28x28 images."""
