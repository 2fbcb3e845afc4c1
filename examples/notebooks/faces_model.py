"""What two notebooks share: drawn faces cropped to the head, and a model of them, trained on first use and cached."""
import os

import clgan
import numpy as np

SMALL = bool(os.environ.get("CLGAN_NOTEBOOK_SMALL"))  # how the tests run the notebooks: in seconds
FACES, STEPS = (300, 40) if SMALL else (12000, 6000)
SIDE = 32


def heads(n: int, seed: int, first: int = 0):
    """Drawn faces of a seed from number `first` on, the middle of each: uint8 [n, 32, 32, 3], and every parameter [n]."""
    pictures, parameters = clgan.faces(n, seed=seed, size=56, first=first)
    return np.ascontiguousarray(pictures[:, 14:14 + SIDE, 12:12 + SIDE]), parameters


def show(pictures, columns: int):
    """A grid at twice the size: 32 pixels are small on today's screens."""
    return clgan.show(pictures.repeat(2, axis=1).repeat(2, axis=2), columns=columns)


def trained(device=None) -> clgan.Gan:
    """A gan of those heads: from the cache folder, or else trained now (a few minutes on two CPU cores)."""
    path = os.path.join(clgan.cache_folder() or ".", f"notebook-heads-{STEPS}.safetensors")
    if os.path.exists(path):
        return clgan.Gan.load(path, device)
    gan = clgan.Gan(device, size=SIDE, ngf=48, ndf=24, batch=64, ema=0.99)
    gan.train(heads(FACES, seed=1)[0], steps=STEPS)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    gan.save(path)
    return gan
