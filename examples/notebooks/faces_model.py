"""The model that two notebooks share: trained on the drawn faces when it is needed first, and kept."""
import os

import clgan

SMALL = bool(os.environ.get("CLGAN_NOTEBOOK_SMALL"))  # how the tests run the notebooks: in seconds
STEPS = 40 if SMALL else 6000


def trained(device=None) -> clgan.Gan:
    """A 32x32 gan of the built-in faces: from the cache folder, else trained now (some minutes on two CPU cores)."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(cache, "clgan", f"notebook-faces-{STEPS}.safetensors")
    if os.path.exists(path):
        return clgan.Gan.load(path, device)
    gan = clgan.Gan(device, size=32, ngf=48, ndf=24, batch=64, ema=0.99)
    gan.train("builtin:faces", steps=STEPS)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    gan.save(path)
    return gan
