"""Handwriting for the notebook "Strokes as data": digits written by code, and strokes as small pictures.

Strokes are arrays of shape (n, 2), x to the right and y downwards. A picture is 8 × 8 shades from 0 to 16, as those of
`sklearn.datasets.load_digits`.
"""

from __future__ import annotations

import numpy as np

# --- from strokes to a picture -------------------------------------------------------------------------------
#
# In the pictures that the model learns from, each digit is as high as the picture and about 20 of 32 parts wide, and
# close to 312 of 1024 parts are ink, whichever digit it is. So strokes are scaled to that box, and the 312 of 32 × 32
# places that lie nearest to them are black: the pen gets as thick as it must. The sum over 4 × 4 places is a shade.

FINE, INK, ACROSS = 32, 312, 20
places = np.stack(np.meshgrid(np.arange(FINE) + 0.5, np.arange(FINE) + 0.5), -1).reshape(-1, 1, 2)


def distances(strokes):
    """How far each place is from the nearest of the strokes, shape (1024,)."""
    nearest = np.full(len(places), np.inf)
    for points in strokes:
        start, end = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
        step = end - start
        along = ((places - start) * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-9)
        foot = start + np.clip(along, 0, 1)[..., None] * step
        nearest = np.minimum(nearest, np.hypot(*np.moveaxis(places - foot, -1, 0)).min(axis=1))
    return nearest


def picture(strokes):
    """Strokes, each of shape (n, 2), as 8 × 8 shades from 0 to 16."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    thick = 2.0  # From the middle of the pen to its edge; it takes some of the box, so we try a few times.
    for _ in range(4):
        tall = (FINE - 2 * thick) / size[1]
        scale = np.array([min(tall, (ACROSS - 2 * thick) / size[0]), tall])
        far = distances([(points - (low + high) / 2) * scale + FINE / 2 for points in strokes])
        edge = np.partition(far, INK)[INK]
        thick = (thick + min(edge, 6.0)) / 2
    return (far < edge).reshape(8, 4, 8, 4).sum(axis=(1, 3))


def statistics(pictures):
    """Shade, centre and spread of pictures, on average."""
    down, across = np.mgrid[:8, :8]
    ink = pictures.sum(axis=(1, 2))
    x, y = (pictures * across).sum(axis=(1, 2)) / ink, (pictures * down).sum(axis=(1, 2)) / ink
    wide = np.sqrt((pictures * (across - x[:, None, None]) ** 2).sum(axis=(1, 2)) / ink)
    high = np.sqrt((pictures * (down - y[:, None, None]) ** 2).sum(axis=(1, 2)) / ink)
    return [pictures.mean(), x.mean(), y.mean(), wide.mean(), high.mean()]


# --- a hand made of code -------------------------------------------------------------------------------------
#
# Each digit has two forms, made of lines and arcs. The hand slants, stretches, turns and shakes them at random.


def arc(x, y, across, down, begin, end):
    """Part of an ellipse around (x, y), from one angle to another; 0 is to the right, 90 is below."""
    angle = np.radians(np.linspace(begin, end, 28))
    return np.c_[x + across * np.cos(angle), y + down * np.sin(angle)]


def path(*parts):
    """One stroke of places and arcs."""
    return np.concatenate([np.atleast_2d(np.array(part, dtype=float)) for part in parts])


FORMS = {
    0: [[arc(0.5, 0.5, 0.32, 0.5, -90, 280)], [arc(0.5, 0.5, 0.36, 0.5, -60, 310)]],
    1: [[path((0.5, 0), (0.5, 1))], [path((0.3, 0.25), (0.52, 0), (0.52, 1))]],
    2: [
        [path(arc(0.5, 0.27, 0.3, 0.27, -170, 40), (0.2, 1), (0.8, 1))],
        [
            path(
                arc(0.5, 0.25, 0.3, 0.25, -150, 60), (0.2, 0.95), arc(0.32, 0.92, 0.1, 0.08, 180, 330), (0.8, 1)
            )
        ],
    ],
    3: [
        [path(arc(0.48, 0.26, 0.28, 0.26, -150, 80), arc(0.46, 0.74, 0.33, 0.26, -80, 150))],
        [path((0.2, 0), (0.75, 0), (0.45, 0.4), arc(0.45, 0.7, 0.33, 0.3, -70, 150))],
    ],
    4: [
        [path((0.5, 0), (0.15, 0.62), (0.85, 0.62)), path((0.62, 0.3), (0.55, 1))],
        [path((0.3, 0.05), (0.2, 0.58), (0.8, 0.55)), path((0.68, 0), (0.58, 1))],
    ],
    5: [
        [path((0.75, 0), (0.3, 0), (0.25, 0.42), arc(0.46, 0.68, 0.32, 0.32, -120, 140))],
        [path((0.3, 0), (0.25, 0.42), arc(0.46, 0.68, 0.32, 0.32, -120, 140)), path((0.3, 0), (0.78, 0))],
    ],
    6: [
        [path((0.6, 0), (0.33, 0.4), arc(0.47, 0.76, 0.27, 0.24, 190, -160))],
        [path(arc(0.75, 0.72, 0.55, 0.72, -100, -180), arc(0.48, 0.76, 0.27, 0.24, 180, -170))],
    ],
    7: [
        [path((0.2, 0), (0.8, 0), (0.4, 1))],
        [path((0.2, 0), (0.8, 0), (0.4, 1)), path((0.35, 0.5), (0.72, 0.5))],
    ],
    8: [
        [arc(0.5, 0.25, 0.25, 0.25, 90, 450), arc(0.5, 0.75, 0.3, 0.25, -90, 270)],
        [
            path(
                arc(0.5, 0.26, 0.26, 0.26, -60, -270),
                arc(0.5, 0.76, 0.31, 0.24, -90, 270),
                arc(0.5, 0.26, 0.26, 0.26, 90, -60),
            )
        ],
    ],
    9: [
        [path(arc(0.5, 0.28, 0.28, 0.28, -20, -350), (0.75, 0.3), (0.7, 1))],
        [path(arc(0.48, 0.28, 0.28, 0.28, 0, -360), arc(0.3, 0.6, 0.46, 0.4, -30, 80))],
    ],
}


def written(digit, rng):
    """The strokes of a digit, about one unit high, as an unsteady hand writes it."""
    forms = FORMS[digit]
    turn, slant, stretch = rng.normal(0, 0.05), rng.normal(0.12, 0.12), rng.uniform(0.8, 1.25)
    change = np.array([[stretch, -slant], [0, 1]]) @ np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    depth, phase = rng.normal(0, 0.03, (2, 2)), rng.uniform(0, 2 * np.pi, (2, 2))
    strokes = []
    for form in forms[rng.integers(len(forms))]:
        length = np.r_[0, np.cumsum(np.hypot(*np.diff(form, axis=0).T))]
        at = np.linspace(0, length[-1], max(8, int(25 * length[-1])))
        points = np.c_[np.interp(at, length, form[:, 0]), np.interp(at, length, form[:, 1])]
        shake = depth[0] * np.sin(5 * points[:, 1:] + phase[0]) + depth[1] * np.sin(
            9 * points[:, :1] + phase[1]
        )
        strokes.append(
            (points + shake + rng.normal(0, 0.006, points.shape) + rng.normal(0, 0.015, 2)) @ change.T
        )
    return strokes
