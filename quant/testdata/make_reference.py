"""Writes the reference data of package quant's tests into this folder.

    pip install numpy==2.4.6 gguf==0.19.0
    python make_reference.py

For each type: T.blocks, blocks of random codes under ordinary and odd scales,
and T.f32, what gguf.quants.dequantize makes of them, little-endian float32.
halves.bin: rows of a float32 (4 bytes), its float16 and its bfloat16 (2 each),
as numpy and gguf.quants.quantize round them.
"""

import pathlib

import numpy as np
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

HERE = pathlib.Path(__file__).parent

# Offsets of the float16 fields in a block.
SCALES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
    T.IQ4_NL: [0], T.IQ4_XS: [0], T.MXFP4: [],
}

# Float16: zeros, subnormals, the normals' ends, one, infinities, NaNs.
ODD = np.array([
    0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x8400, 0x3c00, 0xbc00,
    0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x7c01, 0xffff,
], dtype=np.uint16)


def blocks_of(t, rng):
    size = GGML_QUANT_SIZES[t][1]

    def codes(n):
        return rng.integers(0, 256, (n, size), dtype=np.uint8)

    def with_scales(b, values):  # values: (n, fields) of uint16
        for f, at in enumerate(SCALES[t]):
            b[:, at:at + 2] = values[:, f:f + 1].astype("<u2").view(np.uint8)
        return b

    fields = len(SCALES[t])
    ordinary = with_scales(codes(12), rng.normal(0, 0.02, (12, fields)).astype(np.float16).view(np.uint16))
    # Each odd value in each field; the fields beside it hold odd values too.
    rounds = [np.stack([np.roll(ODD, 5 * f * k) for f in range(fields)], axis=1) for k in range(fields)]
    odd = [with_scales(codes(len(v)), v) for v in rounds]
    zeros, ones = codes(2) * 0, codes(2) * 0 + 255
    plain = np.full((2, fields), 0x2c00, dtype=np.uint16)
    parts = [ordinary, codes(12), *odd, with_scales(zeros, plain), with_scales(ones, plain)]
    if t == T.MXFP4:  # every exponent
        b = codes(256)
        b[:, 0] = np.arange(256)
        parts.append(b)
    return np.concatenate(parts)


def floats(rng):
    """Float32 bit patterns where rounding to a half has something to decide."""
    anything = rng.integers(0, 2**32, 1500, dtype=np.uint32)
    near_half = rng.integers(0, 2**16, 1500, dtype=np.uint16).view(np.float16).astype(np.float32).view(np.uint32)
    ties = near_half[:1000] ^ np.uint32(0x1000)
    beside = np.concatenate([ties[:500] + np.uint32(1), ties[:500] - np.uint32(1)])
    bf = rng.integers(0, 2**16, 1000).astype(np.uint32) << np.uint32(16) | np.uint32(0x8000)
    bf_beside = np.concatenate([bf[:300] + np.uint32(1), bf[:300] - np.uint32(1)])
    small = rng.integers(0x32800000, 0x39000000, 1000, dtype=np.uint32)  # subnormal halves and below
    ends = np.array([0, 1, 0x7fffff, 0x800000, 0x33000000, 0x33000001, 0x387fc000, 0x387fe000, 0x387fffff,
                     0x38800000, 0x477fe000, 0x477fefff, 0x477ff000, 0x47800000, 0x7f7f7fff, 0x7f7f8000,
                     0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff], dtype=np.uint32)
    return np.concatenate([anything, near_half, ties, beside, bf, bf_beside, small, ends, ends | np.uint32(1 << 31)])


def main():
    rng = np.random.default_rng(20240717)
    np.seterr(all="ignore")
    inputs = {t: blocks_of(t, rng) for t in SCALES}
    inputs[T.F32] = rng.integers(0, 2**32, 2000, dtype=np.uint32).view(np.uint8).reshape(1, -1)
    for t in (T.F16, T.BF16):
        every = np.arange(0, 2**16, 13)  # coprime to every field's size
        ends = np.array([0, 1, 0x7f, 0x80, 0x3ff, 0x400, 0x7bff, 0x7c00, 0x7c01, 0x7f80, 0x7f81, 0x7fff])
        halves = np.concatenate([every, ends, ends + 0x8000]).astype("<u2")
        inputs[t] = halves.view(np.uint8).reshape(1, -1)
    for t, b in inputs.items():
        (HERE / f"{t.name}.blocks").write_bytes(b.tobytes())
        (HERE / f"{t.name}.f32").write_bytes(quants.dequantize(b, t).astype("<f4").tobytes())

    bits = floats(rng)
    f = bits.view(np.float32)
    rows = np.empty(len(bits), dtype=[("f32", "<u4"), ("f16", "<u2"), ("bf16", "<u2")])
    rows["f32"] = bits
    rows["f16"] = f.astype(np.float16).view(np.uint16)
    rows["bf16"] = quants.quantize(f.reshape(1, -1), T.BF16).view(np.uint16).ravel()
    (HERE / "halves.bin").write_bytes(rows.tobytes())


if __name__ == "__main__":
    main()
