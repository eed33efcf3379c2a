"""Numbers, shares and durations as people read them."""

from __future__ import annotations

import numpy as np

NONE = "\N{EN DASH}"  # stands where there is no value
_MINUS = "\N{MINUS SIGN}"


def percent(share: float, decimals: int = 2) -> str:
    """A share of one in percent: 0.9971 is "99.71 %", with a thin space."""
    return f"{float(share) * 100:.{decimals}f}\N{THIN SPACE}%"


def certainty(probability: float) -> str:
    """A model's probability with one decimal; never 100, as no model is that certain."""
    return percent(min(probability, 0.999), 1)


def duration(seconds: float) -> str:
    """A time: "12 s", "1 min 05 s", "2 h 03 min"."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left:02} min" if hours else f"{minutes} min {rest:02} s"


def a_digit(digit: int) -> str:
    """A digit with its article: "a 7", "an 8"."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def loss_text(loss: float) -> str:
    """A loss with three significant digits."""
    return f"{loss:#.3g}"


def number_text(value: float) -> str:
    """A number with three significant digits and a true minus sign."""
    size = abs(float(value))
    text = f"{value:.3g}" if size >= 1000 or size < 0.001 else f"{value:#.3g}".rstrip(".")
    return "0" if size == 0 else text.replace("-", _MINUS)


def setting_text(value: float, digits: int = 6) -> str:
    """A number with at most so many significant digits, and never with an exponent: "0.00001"."""
    return np.format_float_positional(value, digits, fractional=False, trim="-")


def cell_text(value: float, decimals: int) -> str:
    """A number for a table's cell: with a true minus sign, and 0 for what rounds to it."""
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", _MINUS)


def short_text(value: float) -> str:
    """A number with two decimals at most, without trailing zeros, with a true minus sign."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", _MINUS)


def weight_text(value: float) -> str:
    """A weight, told from 0 by as many decimals as it takes: "0.31", "-1.20", "12", "0.0004"; "none" if not finite."""
    if not np.isfinite(value):
        return "none"
    if value == 0 or abs(value) >= 0.01:
        text = f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"
    else:
        text = f"{value:.0e}" if abs(value) < 0.0001 else f"{value:.4f}"
    return text.replace("-", _MINUS)
