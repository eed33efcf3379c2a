"""Digits, letters and scribbles that are drawn by the program itself."""
