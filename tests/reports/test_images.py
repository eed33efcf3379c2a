import base64
import io

import numpy as np
from PIL import Image

from core.reports.images import Colours, data_url, heat_map, map_sheet, side_by_side

COLOURS = Colours("#2446C8", "#B04A12", "#1D2433")


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_maps_are_side_by_side_coloured_by_sign_and_as_opaque_as_they_are_strong():
    maps = np.zeros((2, 3, 4))
    maps[0, 0, 0], maps[1, 2, 3] = 2.0, -1.0
    sheet = pixels(map_sheet(maps, COLOURS))
    assert sheet.shape == (3, 8, 4)
    assert sheet[0, 0].tolist() == [0x24, 0x46, 0xC8, 255]
    assert sheet[2, 7].tolist() == [0xB0, 0x4A, 0x12, 128]
    assert np.count_nonzero(sheet[..., 3]) == 2


def test_a_given_scale_makes_sheets_comparable_and_clips_larger_values():
    sheet = pixels(map_sheet(np.array([[[1.0, 8.0]]]), COLOURS, scale=4.0))
    assert sheet[0, :, 3].tolist() == [64, 255]


def test_a_blank_map_is_paper():
    assert not pixels(map_sheet(np.zeros((3, 2, 2)), COLOURS))[..., 3].any()
    assert not pixels(heat_map(np.zeros((28, 28)), np.zeros((28, 28)), COLOURS))[..., 3].any()


def test_heat_covers_the_drawing_and_leaves_it_visible_elsewhere():
    image, heat = np.zeros((28, 28), np.float32), np.zeros((28, 28))
    image[3, 3] = image[4, 4] = 1
    heat[4, 4], heat[5, 5] = 1, -0.5
    shown = pixels(heat_map(image, heat, COLOURS))
    assert shown[3, 3, :3].tolist() == [0x1D, 0x24, 0x33]
    assert 0 < shown[3, 3, 3] < 255
    assert shown[4, 4].tolist() == [0x24, 0x46, 0xC8, 255]
    assert shown[5, 5].tolist() == [0xB0, 0x4A, 0x12, 128]


def test_pictures_are_joined_from_left_to_right_and_become_a_data_url():
    left, right = (map_sheet(np.full((1, 2, 2), value), COLOURS, 1.0) for value in (1.0, -1.0))
    joined = side_by_side([left, right])
    np.testing.assert_array_equal(pixels(joined)[:, :2], pixels(left))
    np.testing.assert_array_equal(pixels(joined)[:, 2:], pixels(right))
    head, content = data_url(joined).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(content) == joined
