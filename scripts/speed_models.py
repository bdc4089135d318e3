#!/usr/bin/env python3
"""Writes models of real sizes with random weights, for measuring speed only.

usage: speed_models.py VOCABS DIR   (needs the packages numpy and gguf)

VOCABS is llama.cpp's folder of vocabularies. Writes to DIR, in F16:
  speed-gpt2-124m-f16.gguf   GPT-2's smallest shape (Radford et al., 2019)
  speed-llama-1.1b-f16.gguf  TinyLlama's shape (Zhang et al., 2024, arXiv:2401.02385)
"""

import sys
from pathlib import Path

import numpy
from gguf import GGUFReader, GGUFValueType, GGUFWriter


class Model:
    """A file whose tensors are declared first and drawn one at a time while they
    are written, so that a large model never lies in memory whole."""

    def __init__(self, path, arch, vocab):
        self.path = path
        self.part = path.with_suffix(".part")
        self.out = GGUFWriter(self.part, arch)
        self.tensors = []
        for key, field in GGUFReader(vocab).fields.items():
            if key.startswith("tokenizer."):
                kind = field.types[0]
                of = field.types[-1] if kind == GGUFValueType.ARRAY else None
                self.out.add_key_value(key, field.contents(), kind, of)

    def matrix(self, name, rows, cols, spread=0.02):
        self.tensors.append((name, (rows, cols), numpy.float16, 0, spread))

    def vector(self, name, size, mean=0.0):
        self.tensors.append((name, (size,), numpy.float32, mean, 0.02))

    def write(self):
        for name, shape, dtype, _, _ in self.tensors:
            size = int(numpy.prod(shape)) * numpy.dtype(dtype).itemsize
            self.out.add_tensor_info(name, shape, numpy.dtype(dtype), size)
        self.out.write_header_to_file()
        self.out.write_kv_data_to_file()
        self.out.write_ti_data_to_file()
        random = numpy.random.default_rng(1)
        for _, shape, dtype, mean, spread in self.tensors:
            values = random.standard_normal(shape, dtype=numpy.float32) * numpy.float32(spread)
            self.out.write_tensor_data((values + numpy.float32(mean)).astype(dtype))
        self.out.close()
        self.part.rename(self.path)


def gpt2(vocabs, path):
    width, layers, heads, vocabulary, context = 768, 12, 12, 50257, 1024
    m = Model(path, "gpt2", vocabs / "ggml-vocab-gpt-2.gguf")
    m.out.add_name("GPT-2 124M shape, random weights")
    m.out.add_file_type(1)
    m.out.add_context_length(context)
    m.out.add_embedding_length(width)
    m.out.add_block_count(layers)
    m.out.add_feed_forward_length(4 * width)
    m.out.add_head_count(heads)
    m.out.add_layer_norm_eps(1e-5)
    m.matrix("token_embd.weight", vocabulary, width)
    # F32, as llama.cpp's own files have the table of positions.
    m.tensors.append(("position_embd.weight", (context, width), numpy.float32, 0, 0.02))
    m.vector("output_norm.weight", width, 1)
    m.vector("output_norm.bias", width)
    for i in range(layers):
        b = f"blk.{i}."
        for norm in "attn_norm", "ffn_norm":
            m.vector(f"{b}{norm}.weight", width, 1)
            m.vector(f"{b}{norm}.bias", width)
        for name, rows, cols in (
            ("attn_qkv", 3 * width, width),
            ("attn_output", width, width),
            ("ffn_up", 4 * width, width),
            ("ffn_down", width, 4 * width),
        ):
            m.matrix(f"{b}{name}.weight", rows, cols)
            m.vector(f"{b}{name}.bias", rows)
    m.write()


def llama(vocabs, path):
    width, layers, heads, kv_heads, inner, vocabulary = 2048, 22, 32, 4, 5632, 32000
    head = width // heads
    m = Model(path, "llama", vocabs / "ggml-vocab-llama-spm.gguf")
    m.out.add_name("TinyLlama 1.1B shape, random weights")
    m.out.add_file_type(1)
    m.out.add_context_length(2048)
    m.out.add_embedding_length(width)
    m.out.add_block_count(layers)
    m.out.add_feed_forward_length(inner)
    m.out.add_head_count(heads)
    m.out.add_head_count_kv(kv_heads)
    m.out.add_layer_norm_rms_eps(1e-5)
    m.out.add_rope_dimension_count(head)
    m.out.add_rope_freq_base(10000.0)
    m.out.add_vocab_size(vocabulary)
    m.matrix("token_embd.weight", vocabulary, width)
    m.vector("output_norm.weight", width, 1)
    m.matrix("output.weight", vocabulary, width)
    for i in range(layers):
        b = f"blk.{i}."
        m.vector(f"{b}attn_norm.weight", width, 1)
        m.vector(f"{b}ffn_norm.weight", width, 1)
        for name, rows, cols in (
            ("attn_q", width, width),
            ("attn_k", kv_heads * head, width),
            ("attn_v", kv_heads * head, width),
            ("attn_output", width, width),
            ("ffn_gate", inner, width),
            ("ffn_up", inner, width),
            ("ffn_down", width, inner),
        ):
            m.matrix(f"{b}{name}.weight", rows, cols)
    m.write()


def main(vocabs, folder):
    for name, make in ("gpt2-124m", gpt2), ("llama-1.1b", llama):
        path = Path(folder) / f"speed-{name}-f16.gguf"
        if not path.exists():
            make(Path(vocabs), path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
